"""What stands between the browser and Streamlit's server: compression, our script, and plain pages for what Streamlit cannot answer."""

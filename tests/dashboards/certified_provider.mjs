// The certified OpenID Connect provider of npm, `oidc-provider`, as a test needs it: node certified_provider.mjs INDEX_JS PORT HOME
// Its own login form takes any name; that name is the person's email. Claims are in the identity token, where Streamlit looks for them.
const [, , index, port, home] = process.argv;
const { Provider } = await import(index);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "shequ-test",
      client_secret: "client-secret-of-the-test",
      redirect_uris: [`${home}/oauth2callback`],
      // where Streamlit comes back to after signing out, too
      post_logout_redirect_uris: [`${home}/oauth2callback`],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ["cookie-key-of-the-test"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true, name: id }),
  }),
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("grant.success", () => console.log("grant"));
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));

"""The generated pages of `docs/` are what the program would write now."""

from pipelines.documentation import generated_pages, licences_page


def test_no_generated_page_is_out_of_date():
    assert not [path.name for path in generated_pages.outdated()], "请运行 make docs"


def test_a_package_for_another_system_keeps_its_line(tmp_path):
    name, version, _ = next(entry for entry in licences_page.locked() if licences_page.licence(*entry[:2]) is None)
    (tmp_path / "licences.md").write_text(f"| {name} | {version} | Its licence |\n", encoding="utf-8")
    assert f"| {name} | {version} | Its licence |" in licences_page.page(tmp_path / "licences.md").splitlines()


def test_most_locked_packages_state_their_licence_here():
    stated = [licences_page.licence(name, version) for name, version, _ in licences_page.locked()]
    assert sum(licence is not None for licence in stated) > 90

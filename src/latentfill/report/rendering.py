"""Pages of HTML from the templates in `templates/`; they need the packages of the extra `report`."""

from __future__ import annotations

from latentfill.core.extras import check_extra

PACKAGES = ("altair", "jinja2", "vl_convert")  # of the extra `report`


def check_installed() -> None:
    """Raise an `InputError` that names the packages of the extra `report` that are not installed."""
    check_extra("a report", PACKAGES, "report")


def render(template: str, **values: object) -> bytes:
    """The page that a template makes of values; texts are escaped, figures are marked as safe by the template.

    `about`, which all templates need, has `latentfill` (the version), `table`, and where they are known `command` and
    `sha256`. Raises an `InputError` if packages are not installed.
    """
    check_installed()
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("latentfill.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template(template).render(**values).encode()

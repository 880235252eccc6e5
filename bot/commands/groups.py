"""Groups of commands, such as `playcall accounts ...`."""

import typer


def new_group(help_text: str) -> typer.Typer:
    """A group that shows its help, and counts it as bad usage, when no command is named."""
    group = typer.Typer(help=help_text, rich_markup_mode=None)
    group.callback(invoke_without_command=True)(help_when_alone)
    return group


def help_when_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)

"""The command line. Heavy imports stand inside the commands, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cohortmart import __version__
from cohortmart.app.environment import environment_of_children
from cohortmart.app.export import options as export_options
from cohortmart.app.leaving import leave_after, session

app = typer.Typer(
    name="cohortmart",
    help="Longitudinal multi-omics cohorts: raw files to SQL tables and contrasts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.yml", help="The study's description.")]
OutFolder = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", envvar="COHORTMART_HOME", help="The output folder."),
]


def _version(asked: bool) -> None:
    if asked:
        print(f"cohortmart {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar="COHORTMART_DEBUG", help="Show tracebacks; dbt logs all it does."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
    version: Annotated[  # noqa: ARG001 - typer calls _version
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    session.debug, session.quiet = debug, quiet
    if debug:
        os.environ["COHORTMART_DEBUG"] = "1"  # for the build


WithReport = Annotated[
    bool, typer.Option("--report/--no-report", help="Write the report at the end, or do not.")
]


@app.command()
def run(study: StudyFile, out: OutFolder, report: WithReport = True) -> None:
    """Ingest, normalise, build, analyse, report; goes on where a failed run stopped."""
    from cohortmart.app.commands.run import run_study

    session.out = out
    run_study(study, out, with_report=report, quiet=session.quiet)


@app.command()
def ingest(study: StudyFile, out: OutFolder) -> None:
    """Read the raw files into DIR/lake; skips what is in already."""
    from cohortmart.app.commands.run import ingest_only

    session.out = out
    ingest_only(study, out, quiet=session.quiet)


@app.command()
def normalise(study: StudyFile, out: OutFolder) -> None:
    """Make the layers that the study asks for: BMIQ, ComBat, ComBat-seq; raw ones stay."""
    from cohortmart.app.commands.run import normalise_only

    session.out = out
    normalise_only(study, out, quiet=session.quiet)


@app.command()
def build(out: OutFolder) -> None:
    """Build the tables of DIR/warehouse.duckdb from the lake and the results."""
    from cohortmart.app.commands.run import build_only

    session.out = out
    build_only(out, quiet=session.quiet)


@app.command()
def analyse(
    study: StudyFile,
    out: OutFolder,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME", help="One analysis of the study.")
    ] = None,
) -> None:
    """Compute the contrasts into DIR/results and show them in the warehouse."""
    from cohortmart.app.commands.run import analyse_only

    session.out = out
    analyse_only(study, out, only, quiet=session.quiet)


@app.command()
def report(
    out: OutFolder,
    pseudonymise: Annotated[
        bool,
        typer.Option(
            "--pseudonymise",
            help="Numbers for people and samples, no single person's course; for others to read.",
        ),
    ] = False,
) -> None:
    """Write what the tables hold as one page that opens anywhere: DIR/report/index.html."""
    from cohortmart.app.commands.report import report_only

    session.out = out
    report_only(out, pseudonymise=pseudonymise, quiet=session.quiet)


@app.command(name="init")
def init_(
    given: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILES]...", help="Files and folders; else this folder."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="STUDY.yml", help="The file to write.")
    ] = Path("study.yml"),
) -> None:
    """Propose a study.yml from the files as they are; asks what they leave open."""
    from cohortmart.app.init.command import run_init

    report = run_init(given or [Path()], out, quiet=session.quiet)
    if report.faulty:
        raise typer.Exit(2)


@app.command()
def check(
    study: StudyFile,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            envvar="COHORTMART_HOME",
            help="After a run, its folder: also say whose samples are not as the sheet says.",
        ),
    ] = None,
) -> None:
    """Say what the study can answer; reads only headers and the sample sheet."""
    from cohortmart.app.check.report import check_study

    report = check_study(study, out)
    print(report.text, end="")
    if report.faulty:
        print(f"cannot be computed as written: {', '.join(report.faulty)}", file=sys.stderr)
        raise typer.Exit(2)


@app.command()
def sql(
    out: OutFolder,
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="[QUERY]",
            help="One SQL query that reads, or @FILE.sql with one; without it, a shell.",
        ),
    ] = None,
    output_format: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option("--format", help="table is rounded for people, the others are exact."),
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write to a file.")
    ] = None,
) -> None:
    """Answer one query on the warehouse, or open a shell for many."""
    from cohortmart.app.sql.output import silence_broken_pipe
    from cohortmart.app.sql.query import run_sql
    from cohortmart.app.sql.query_text import query_text
    from cohortmart.app.sql.shell import run_shell
    from cohortmart.core.warehouse.home import Home

    session.out = out
    try:
        if query is None and output is None and sys.stdin.isatty():
            run_shell(Home(out), output_format)
        else:
            run_sql(Home(out), query_text(query), output_format, output)
    except BrokenPipeError:  # `| head` has seen enough
        silence_broken_pipe()


@app.command()
def export(
    out: OutFolder,
    target: export_options.Target = None,
    to: export_options.To = None,
    table: export_options.Tables = None,
    analysis: export_options.Analyses = None,
    assay: export_options.Assays = None,
    pseudonymise: export_options.Pseudonymise = False,
    gzip: export_options.Gzip = False,
) -> None:
    """Write the tables into one DuckDB file, or values and results for another program."""
    from cohortmart.app.export.command import export_as_asked
    from cohortmart.core.warehouse.home import Home

    session.out = out
    names = {"tables": table or (), "analyses": analysis or (), "assays": assay or ()}
    said = export_as_asked(Home(out), target, to, **names, pseudonymise=pseudonymise, gzip=gzip)
    if not session.quiet:
        print(said)


@app.command()
def explore(
    out: OutFolder,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=0, max=65535, help="The first free one from 8411."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in the browser, or do not.")
    ] = True,
    token: Annotated[
        bool,
        typer.Option("--token/--no-token", help="Only who has the printed address may ask."),
    ] = True,
    pseudonymise: Annotated[
        bool,
        typer.Option(
            "--pseudonymise",
            help="Numbers for people and samples, no single person's course.",
        ),
    ] = False,
) -> None:
    """Open the study in the browser: search, genes, contrasts, samples, lists, SQL."""
    from cohortmart.core.warehouse.home import Home
    from cohortmart.explore.server.serve import explore as serve

    session.out = out
    serve(
        Home(out),
        port=port,
        browser=browser,
        token=token,
        pseudonymise=pseudonymise,
        debug=session.debug,
    )


@app.command()
def serve(
    out: OutFolder,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="To agents, over the Model Context Protocol.")
    ] = False,
    pseudonymise: Annotated[
        bool, typer.Option("--pseudonymise", help="Contrasts and means; nothing of a person.")
    ] = False,
) -> None:
    """Answer programs on standard input and output: tables, queries, contrasts, genes."""
    if not mcp:
        raise typer.BadParameter("say to whom: --mcp serves agents")
    from cohortmart.core.warehouse.home import Home
    from cohortmart.explore.agents.serve import serve_mcp

    session.out = out
    serve_mcp(Home(out), pseudonymise=pseudonymise)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(metavar="DIR_A", help="Output folder of one run.")],
    second: Annotated[Path, typer.Argument(metavar="DIR_B", help="Output folder of another.")],
    output_format: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", help="table is rounded for people, the others are exact."),
    ] = "table",
    features: Annotated[
        bool, typer.Option("--features", help="Also list the features gained and lost.")
    ] = False,
    p: Annotated[
        float | None, typer.Option("--p", metavar="X", help="P < X, in place of the thresholds.")
    ] = None,
    adj_p: Annotated[
        float | None, typer.Option("--adj-p", metavar="X", help="The same for adjusted P.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NAME", help="One analysis of the study.")
    ] = None,
) -> None:
    """List what changed between two runs: found features gained and lost, and why."""
    from cohortmart.app.commands.diff import diff_runs
    from cohortmart.app.sql.output import silence_broken_pipe

    try:
        diff_runs(first, second, output_format, features=features, p=p, adj_p=adj_p, only=only)
    except BrokenPipeError:
        silence_broken_pipe()


@app.command()
def demo(
    out: OutFolder,
    scale: Annotated[
        Literal["small", "epic"],
        typer.Option("--scale", help="Size of the study; epic has 866,000 probes (1 GB of files)."),
    ] = "small",
    report: WithReport = True,
) -> None:
    """Write the raw files of a synthetic study into DIR/raw and run everything on it."""
    from cohortmart.app.commands.run import run_demo

    session.out = out
    run_demo(out, scale, with_report=report, quiet=session.quiet)


@app.command()
def forget(
    out: OutFolder,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="ID", help="A person who withdraws.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="PATH", help="A raw file that is wrong.")
    ] = None,
) -> None:
    """Remove a subject or a raw file from every layer of DIR, without asking back."""
    if (subject is None) == (file is None):
        raise typer.BadParameter("name either --subject ID or --file PATH")
    from cohortmart.app.commands.forget import forget_and_rebuild

    session.out = out
    forget_and_rebuild(out, subject=subject, file=file, quiet=session.quiet)


@app.command(
    "dbt",
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    },
)
def dbt_command(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", envvar="COHORTMART_HOME", help="The output folder."),
    ] = None,
) -> None:
    """Run any command of dbt on DIR: dbt test --select my_model; dbt init STUDY.yml begins one."""
    from cohortmart.app.dbt.arguments import begin_or_run

    session.out = out
    if context.args[:1] in ([], ["--help"], ["-h"]):
        print(context.get_help())
        raise typer.Exit
    raise typer.Exit(begin_or_run(context.args, out))


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0, 2 for bad input, 1 for a fault of ours."""
    given = sys.argv[1:] if arguments is None else arguments
    with environment_of_children():
        leave_after(lambda: app(_flags_first(given), prog_name="cohortmart"))


def _flags_first(arguments: list[str]) -> list[str]:
    """Let --debug and --quiet stand behind the command, too; behind `dbt` they are dbt's."""
    if "dbt" in arguments and all(a.startswith("-") for a in arguments[: arguments.index("dbt")]):
        return arguments
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [a for a in arguments[:end] if a in ("--debug", "--quiet")]
    return flags + [a for a in arguments[:end] if a not in flags] + arguments[end:]


if __name__ == "__main__":
    main()

"""Mistakes of jobs."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake


@mistake
class FolderInUse(Diagnostic):
    message = "{folder} holds files of something else"
    help = "choose a folder that is new or empty"
    folder: str


@mistake
class FolderBegun(Diagnostic):
    message = "{folder} holds {done} of {files:file} already"
    help = "go on with them by `--resume`, or choose another folder"
    folder: str
    done: int
    files: int


@mistake
class OtherJob(Diagnostic):
    message = "{folder} was begun with another {what}"
    help = "give the same, or choose another folder"
    folder: str
    what: str


@mistake
class TooLittleSpace(Diagnostic):
    message = "{rows} rows take about {needed}, and {free} are free in {folder}"
    help = "{advice}"
    rows: str
    needed: str
    free: str
    folder: str
    advice: str = "ask for fewer rows, or choose a place with more room"


@mistake
class WorkerEnds(Diagnostic):
    message = "{times} times a worker was killed while {file} was written"
    help = "start fewer workers: the memory may lack"
    file: str
    times: int

"""The examples that the C2SP specifications print, as they stand there, in the folder `specifications`.

`note` and `note-key` are those of signed-note, `checkpoint` that of tlog-checkpoint, `cosignature` and `cosigned-bytes`
those of tlog-cosignature, `witness-answer` that of tlog-witness. In tlog-proof the middle of signatures is left out,
so `proof-head` ends before them; in tlog-policy the keys are, so `policy` has <X1> and the like in their places.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent / "specifications"


def example(name: str) -> bytes:
    """The bytes of one example."""
    return (_FOLDER / f"{name}.txt").read_bytes()


NOTE_KEY = example("note-key").decode("ascii").removesuffix("\n")
NOTE = example("note")
NOTE_WITH_EMPTY_LINES = example("note-with-empty-lines")
CHECKPOINT = example("checkpoint")
CHECKPOINT_TEXT = CHECKPOINT.decode().partition("\n\n")[0] + "\n"
COSIGNATURE = example("cosignature").decode().removesuffix("\n")
COSIGNED_BYTES = example("cosigned-bytes")
WITNESS_ANSWER = example("witness-answer").decode()
PROOF_HEAD = example("proof-head").decode("ascii")
PROOF_EXTRA = PROOF_HEAD.split("\n")[1] + "\n"
POLICY = example("policy")

"""A program: makes in the site of a workspace what faults are tried on, and prints it as JSON."""

import json
import sys
from pathlib import Path

from benchmarks.prepared import leaders_cookie, organisation_of, source_key, survey_path


def main(workspace: Path) -> None:
    organisation = organisation_of(workspace)
    made = {
        "key": source_key(organisation),
        "survey": survey_path(organisation),
        "organisation": organisation.slug,
        "cookie": leaders_cookie(organisation),
    }
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What anyone may ask of a deployment: its names, its problems, its health, its API description."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from vault.protocol.api import Deployment, DeploymentLimits, Health, ProblemPage, ProblemPages, Unready
from vault.protocol.limits import BLOB_MAXIMUM_BYTES, BODY_MAXIMUM_BYTES, PAGE_MAXIMUM, PART_MAXIMUM_BYTES, SUITE
from vault.protocol.problems import PROBLEMS, Code, Refused, find_code
from vault.server.http.answers import PUBLIC, json_answer
from vault.server.http.dependencies import WithContext
from vault.server.http.openapi_file import read_openapi_file
from vault.server.http.operations import Credential, operation
from vault.server.resources.deployment.actions import find_lacking
from vault.server.resources.deployment.pages import problem_html, problem_page, problem_pages, problems_html

router = APIRouter()

_VERSION = version("coach-vault")
_PAGE_POLICY = "default-src 'none'"

ProblemCode = Annotated[str, Path(json_schema_extra={"pattern": "^[a-z-]+$"})]


@router.get(
    "/v1/deployment",
    **operation(
        "getDeployment",
        "deployment",
        "Names, key, limits and clock of this deployment",
        credential=Credential.NONE,
        answer=Deployment,
    ),
)
async def get_deployment(context: WithContext) -> Response:
    """For people and tools: a client takes `audience` and `url` from its own configuration, never from here."""
    return json_answer(
        Deployment(
            audience=context.settings.audience,
            url=context.settings.url,
            suite=SUITE,
            version=_VERSION,
            deployment_key=context.deployment.sign_public,
            log_key=context.tlog.verifier.to_text(),
            limits=DeploymentLimits(
                body_bytes=BODY_MAXIMUM_BYTES,
                blob_bytes=BLOB_MAXIMUM_BYTES,
                part_bytes=PART_MAXIMUM_BYTES,
                upload_bytes=context.settings.upload_bytes,
                page=PAGE_MAXIMUM,
            ),
            time=context.clock(),
        )
    )


@router.get(
    "/problems",
    **operation(
        "listProblems",
        "deployment",
        "Every way in which a request can be refused",
        credential=Credential.NONE,
        answer=ProblemPages,
        media_types=("text/html",),
    ),
)
async def list_problems(request: Request) -> Response:
    """JSON, or HTML for who prefers it."""
    if _prefers_html(request):
        return _page(problems_html())
    return json_answer(problem_pages(), cache_control=PUBLIC, vary="Accept")


@router.get(
    "/problems/{code}",
    **operation(
        "getProblem",
        "deployment",
        "What one refusal means and what to do",
        credential=Credential.NONE,
        answer=ProblemPage,
        media_types=("text/html",),
        problems=(Code.NOT_FOUND,),
    ),
)
async def get_problem(request: Request, code: ProblemCode) -> Response:
    """JSON, or HTML for who prefers it."""
    found = find_code(code)
    if found is None:
        raise Refused(Code.NOT_FOUND)
    problem = PROBLEMS[found]
    if _prefers_html(request):
        return _page(problem_html(problem))
    return json_answer(problem_page(problem), cache_control=PUBLIC, vary="Accept")


@router.get(
    "/livez",
    **operation("live", "deployment", "Whether this worker lives", credential=Credential.NONE, answer=Health),
)
async def live() -> Response:
    """Restart the worker when this does not answer."""
    return json_answer(Health(status="live"))


@router.get(
    "/readyz",
    **operation(
        "ready",
        "deployment",
        "Whether requests can be sent here",
        credential=Credential.NONE,
        answer=Health,
        also={503: Unready},
    ),
)
async def ready(context: WithContext) -> Response:
    """Ready when the database answers, at this server's schema and with a log that this server's key signed."""
    lacking = await find_lacking(context.storage, context.tlog.verifier)
    if lacking is not None:
        return json_answer(Unready(lacking=(lacking,)), 503)
    return json_answer(Health(status="ready"))


# Probes that ask for the headers alone are the same question; the description tells it once.
router.add_api_route("/livez", live, methods=["HEAD"], include_in_schema=False)
router.add_api_route("/readyz", ready, methods=["HEAD"], include_in_schema=False)


@router.get(
    "/openapi.json",
    **operation(
        "openapi",
        "deployment",
        "This description, byte for byte as released",
        credential=Credential.NONE,
        answer=None,
        media_types=("application/json",),
    ),
)
async def get_openapi() -> Response:
    """The committed file."""
    return Response(read_openapi_file(), headers={"Cache-Control": PUBLIC}, media_type="application/json")


def _prefers_html(request: Request) -> bool:
    """Whether HTML stands in `Accept` before JSON and before anything at all."""
    wanted = [each.partition(";")[0].strip() for each in request.headers.get("accept", "").lower().split(",")]
    first = next((each for each in wanted if each in ("text/html", "application/json", "*/*")), None)
    return first == "text/html"


def _page(text: str) -> Response:
    headers = {"Cache-Control": PUBLIC, "Vary": "Accept", "Content-Security-Policy": _PAGE_POLICY}
    return Response(text, headers=headers, media_type="text/html")

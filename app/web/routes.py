"""/, /healthz, /readyz and /v1/network."""

from fastapi import APIRouter, Response, status
from fastapi.responses import PlainTextResponse

from app.errors import ChainNotMirrored
from app.web.dependencies import CurrentDeployment, CurrentNetwork, CurrentOperator, CurrentRuntime, DbSession
from app.web.metrics import metrics
from app.web.queries import newest_cursor
from app.web.readiness import readiness
from app.web.schemas import ContractsView, Health, Index, NetworkView, Readiness, TokenView

router = APIRouter(tags=["service"])


@router.get("/")
async def index() -> Index:
    """Where to look next."""
    return Index()


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health()


@router.get("/readyz", responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}})
async def readyz(runtime: CurrentRuntime, response: Response) -> Readiness:
    """What requests need is there; 503 while something is not."""
    found = await readiness(runtime.sessions, runtime.settings.redis_url.get_secret_value())
    if not found.ready:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return found


@router.get("/v1/operations/metrics", response_class=PlainTextResponse)
async def read_metrics(_operator: CurrentOperator) -> str:
    """For operators: what this process counted since it began, in the text form that Prometheus reads. Each process is
    asked by itself."""
    return metrics.text()


@router.get("/v1/network")
async def read_network(session: DbSession, deployment: CurrentDeployment, network: CurrentNetwork) -> NetworkView:
    """The chain, the contracts, who arbitrates and auctions, and the chain's time as mirrored."""
    cursor = await newest_cursor(session)
    if cursor is None:
        raise ChainNotMirrored
    return NetworkView(
        chain_id=deployment.chain_id,
        contracts=ContractsView(
            TaskEscrow=deployment.escrow,
            IdentityRegistry=deployment.identity,
            ReputationRegistry=deployment.reputation,
            token=deployment.token,
            PaymentChannel=deployment.channels,
            Permit2=network.permit2,
        ),
        token=TokenView(
            address=deployment.token,
            name=network.token_domain.name,
            version=network.token_domain.version,
            decimals=network.token_decimals,
        ),
        fee_bps=network.fee_bps,
        auctioneer=network.auctioneer,
        sequencer=network.sequencer,
        arbiters=list(network.arbiters),
        chain_time=cursor.block_timestamp,
        block_number=cursor.block_number,
        finalized_number=cursor.final_up_to,
    )

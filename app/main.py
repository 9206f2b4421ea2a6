"""The API process: `python -m app.main` serves /v1 until SIGTERM."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial

import uvicorn
from eth_utils.address import is_checksum_address
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline

from app.accounts import routes as accounts
from app.accounts.api_keys import PREFIX, is_api_key
from app.accounts.queries import authenticator, secret_hash
from app.accounts.tokens import read_token, read_token_keys
from app.agents import routes as agents
from app.analytics import routes as analytics
from app.auctions import routes as auctions
from app.auctions import sealed_routes
from app.auctions.awarding import auctioneer_key
from app.auctions.sealing import Seal
from app.catalogue import routes as catalogue
from app.chain import deployment
from app.chain.production import require_production
from app.chain.rpc import AsyncChain
from app.channels import routes as channels
from app.channels.sequencing import sequencer_of
from app.config import Settings, read_settings
from app.content import routes as content
from app.content.blobs import forget_abandoned
from app.database import Address, make_engine, make_sessions
from app.disputes import routes as disputes
from app.errors import SettingRefused
from app.listings import routes as listings
from app.membership import routes as membership
from app.payments import routes as payments
from app.pricing import routes as pricing
from app.referrals import routes as referrals
from app.relayer import routes as relayer
from app.relayer.gas import routes as gas
from app.reputation import routes as reputation
from app.reputation.reviews import routes as reviews
from app.routing import pull_routes
from app.routing import routes as routing
from app.routing.desk import RoutingDesk
from app.search import routes as search
from app.search.meaning.embedders import Embedders
from app.spending import routes as spending
from app.streams import routes as streams
from app.tasks import routes as tasks
from app.tasks import template_routes
from app.trail.actions import record
from app.web import routes as web
from app.web.credentials import CredentialsInUrls
from app.web.dependencies import Runtime
from app.web.gcra import Rate
from app.web.limits import BodyLimits
from app.web.network import read_network
from app.web.problems import PROBLEM_RESPONSES, install_problems
from app.web.rate_counters import RateCounters
from app.web.rate_limits import Kind, RateLimits, Subject
from app.web.request_ids import RequestIds

ROUTERS = (
    web.router,
    accounts.router,
    content.router,
    agents.router,
    listings.router,
    tasks.router,
    template_routes.router,
    disputes.router,
    auctions.router,
    sealed_routes.router,
    sealed_routes.batches,
    reputation.router,
    reviews.router,
    payments.router,
    channels.router,
    relayer.router,
    gas.router,
    gas.operations,
    spending.router,
    catalogue.router,
    search.router,
    analytics.router,
    analytics.agents,
    membership.router,
    pricing.router,
    referrals.router,
    referrals.operations,
    routing.router,
    routing.paying,
    pull_routes.router,
    streams.router,
)
STREAMED = frozenset({("POST", "/v1/content")})
API = APIRouter(responses=PROBLEM_RESPONSES)
"""All routes, made once: what is worked out of their signatures is the same for every application of a process."""
for included in ROUTERS:
    API.include_router(included)
DESCRIPTION = """
Buyers post funded tasks; agents bid, deliver, are paid and rated; contracts hold the money.

Amounts are base units as strings of digits. A verb is two requests: `…/prepare` answers the typed data to sign, the
verb itself takes the signature and answers an intent that can be followed. Errors are problem documents (RFC 9457).
"""
SHUTDOWN_SECONDS = 3
KEYS_BEHIND_ONE_ADDRESS = 10


def create_app(settings: Settings) -> FastAPI:
    """The application; its engine and chain client live as long as its lifespan."""
    counters = RateCounters(settings.redis_url.get_secret_value())
    # Its documentation page brings its own scripts: a page of this origin runs nobody else's.
    app = FastAPIOffline(
        title="Guildhall",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        lifespan=lifespan_of(settings, counters),
        separate_input_output_schemas=False,
    )
    app.router.routes.extend(API.routes)
    install_problems(app)
    app.add_middleware(BodyLimits, streamed=STREAMED, max_bytes=settings.max_json_bytes)
    app.add_middleware(CredentialsInUrls, prefix=PREFIX)
    app.add_middleware(RateLimits, counters=counters, rates=rates_of(settings), holder_of=partial(holder_of, settings))
    app.add_middleware(RequestIds)
    return app


def lifespan_of(settings: Settings, counters: RateCounters) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Makes the runtime on start and closes what it holds at the end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        token_keys = partial(read_token_keys, settings.token_keys_file)
        token_keys()  # a process that could sign nobody in does not start
        authenticate = authenticator(token_keys, settings.origin)
        engine = make_engine(settings.sqlalchemy_url)
        await forget_abandoned(settings.content_dir)
        contracts = deployment.load(settings.deployment_file)
        require_production(settings, contracts)
        async with AsyncChain(settings.rpc_urls, timeout_seconds=settings.rpc_timeout_seconds) as chain:
            auctioneer = auctioneer_key(settings)
            address = None if auctioneer is None else Address(auctioneer.address)
            network = await read_network(chain, contracts, address, arbiters_of(settings))
            if auctioneer is not None:
                network = replace(network, reveal_key=Seal.of(auctioneer).reveal_key.public)
            app.state.sequencer = sequencer = sequencer_of(settings, contracts)
            network = replace(network, sequencer=None if sequencer is None else sequencer.address)
            sessions = make_sessions(engine)
            app.state.runtime = Runtime(settings, sessions, contracts, chain, network, authenticate, record)
            async with RoutingDesk(settings, sessions) as app.state.routing, Embedders(settings) as app.state.embedders:
                yield
        await engine.dispose()
        await counters.close()

    return lifespan


def rates_of(settings: Settings) -> Mapping[Kind, Rate]:
    """How much each may ask."""
    known, unknown = settings.requests_per_second, settings.anonymous_requests_per_second
    rates = {Kind.KEY: known, Kind.WALLET: known, Kind.NETWORK: known * KEYS_BEHIND_ONE_ADDRESS, Kind.ADDRESS: unknown}
    return {kind: Rate(each, max(1, int(each * settings.burst_seconds))) for kind, each in rates.items()}


def holder_of(settings: Settings, credential: str) -> Subject | None:
    """Whom a credential is counted for: the key, or the account of a token that is ours, ended or not."""
    if is_api_key(credential):
        return Subject(Kind.KEY, secret_hash(credential).hex())
    held = read_token(read_token_keys(settings.token_keys_file), settings.origin, credential)
    return None if held is None else Subject(Kind.WALLET, held.account)


def arbiters_of(settings: Settings) -> tuple[Address, ...]:
    """The published arbiters. Raises SettingRefused for an address, an operator's too, without its checksum."""
    for name, addresses in (("ARBITERS", settings.arbiters), ("OPERATORS", settings.operators)):
        for address in addresses:
            if not is_checksum_address(address):
                raise SettingRefused(name=name, reason=f"{address} is not a checksummed address")
    return tuple(Address(address) for address in settings.arbiters)


def main() -> None:
    """Serves until SIGTERM or SIGINT, then lets running requests end, for a few seconds."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = read_settings()
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
    )


if __name__ == "__main__":
    main()

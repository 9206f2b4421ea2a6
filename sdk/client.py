"""The whole client, one method per verb of the market."""

from sdk.agents import Agents
from sdk.content import Content
from sdk.disputes import Disputes
from sdk.escrows import Escrows
from sdk.spending import Spending
from sdk.tasks import Tasks
from sdk.wallets import Wallets


class Client(Tasks, Escrows, Disputes, Agents, Content, Spending, Wallets):
    """`async with Client(url, Wallet.from_key_file(path)) as client:`; from synchronous code, `asyncio.run`."""

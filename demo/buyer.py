"""A buyer: plays the named stories side by side, each on a task of its own, and ends when all are told.

`python -m demo.buyer --url URL --key-file FILE --arbiter ADDRESS --silent-arbiter ADDRESS --story plain ...`
Exit code 1 if a story did not end as it should.
"""

import asyncio
import sys
import traceback

from demo.lines import tell
from demo.participant import arguments, play
from demo.stories import STORIES
from demo.story import Buyer
from sdk import Client


async def tell_stories(client: Client, buyer: Buyer, names: list[str]) -> int:
    await client.sign_in()
    watching = asyncio.create_task(buyer.watch())
    try:
        outcomes = await asyncio.gather(*(one_story(buyer, name) for name in names))
    finally:
        watching.cancel()
    tell("done")
    return 0 if all(outcomes) else 1


async def one_story(buyer: Buyer, name: str) -> bool:
    """Whatever goes wrong belongs to this story: it is named, and the others go on."""
    try:
        await STORIES[name](buyer, name)
    except Exception as failure:
        traceback.print_exc()
        tell("story failed", story=name, reason=f"{type(failure).__name__}: {failure}")
        return False
    tell("story told", story=name)
    return True


def main() -> int:
    parser = arguments("buyer")
    parser.add_argument("--arbiter", required=True)
    parser.add_argument("--silent-arbiter", required=True)
    parser.add_argument("--story", action="append", required=True, choices=sorted(STORIES))
    options = parser.parse_args()

    async def act(client: Client) -> int:
        return await tell_stories(client, Buyer(client, options.arbiter, options.silent_arbiter), options.story)

    return play(options, act)


if __name__ == "__main__":
    sys.exit(main())

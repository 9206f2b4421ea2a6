"""The steps that lead a task through its life, every one carried by somebody who is no party."""

from typed_data import sign, sign_intent

PRICE = 80_000_000
WORK = b"\x02" * 32


def task_id_of(contracts, terms) -> bytes:
    return contracts.escrow.taskIdOf(tuple(terms.values()))


def authorization(contracts, people, chain, nonce, amount, to, valid_before) -> tuple[int, int, bytes]:
    """The buyer's EIP-3009, as the contracts take it: two bounds and a signature."""
    message = {
        "from": people.buyer.address,
        "to": to.address,
        "value": amount,
        "validAfter": 0,
        "validBefore": valid_before,
        "nonce": nonce,
    }
    signature = sign(people.buyer, contracts.usdc_domain(chain.chain_id), "ReceiveWithAuthorization", message)
    return 0, valid_before, signature


def funding(contracts, people, terms, chain) -> tuple[int, int, bytes]:
    """EIP-3009 over the budget, whose nonce is the task id."""
    task_id = task_id_of(contracts, terms)
    return authorization(contracts, people, chain, task_id, terms["budget"], contracts.escrow, terms["deliverBy"])


def fund_auth(contracts, account, terms, chain) -> bytes:
    """The buyer's Fund, brought by somebody else."""
    message = {"taskId": task_id_of(contracts, terms), "deadline": terms["deliverBy"]}
    return sign_intent(account, contracts.domain(chain.chain_id), "Fund", message)


def fund(contracts, people, terms, chain) -> bytes:
    signed = funding(contracts, people, terms, chain)
    contracts.escrow.fundWithAuthorization(tuple(terms.values()), *signed, sender=people.carrier)
    return task_id_of(contracts, terms)


def choice(contracts, people, terms, chain, payee, awarder) -> tuple[object, ...]:
    """The first arguments of `award`: terms, bid, its signature, price, transcript, the awarder's auth."""
    domain, task_id = contracts.domain(chain.chain_id), task_id_of(contracts, terms)
    bid = {
        "taskId": task_id,
        "agentId": 1,
        "agent": people.agent.address,
        "payee": payee,
        "minPrice": 50_000_000,
        "minWorkSeconds": 3_600,
        "validUntil": terms["awardBy"],
        "salt": bytes(32),
    }
    message = {
        "taskId": task_id,
        "bidDigest": contracts.escrow.bidDigestOf(tuple(bid.values())),
        "price": PRICE,
        "transcript": bytes(32),
        "deadline": terms["awardBy"],
    }
    auth = sign_intent(awarder, domain, "Award", message)
    return tuple(terms.values()), tuple(bid.values()), sign(people.agent, domain, "Bid", bid), PRICE, bytes(32), auth


def award(contracts, people, terms, chain, payee) -> None:
    chosen = choice(contracts, people, terms, chain, payee, people.auctioneer)
    contracts.escrow.award(*chosen, sender=people.carrier)


def submit(contracts, people, terms, chain, task_id) -> None:
    """After the veto."""
    since = contracts.escrow.taskOf(task_id)[2]
    chain.pending_timestamp = since + terms["vetoSeconds"] + 1
    message = {"taskId": task_id, "agentId": 1, "deliverable": WORK, "since": since, "deadline": terms["deliverBy"]}
    auth = sign_intent(people.agent, contracts.domain(chain.chain_id), "Submit", message)
    contracts.escrow.submit(tuple(terms.values()), 1, WORK, auth, sender=people.carrier)


def release_auth(contracts, people, terms, chain_id, task_id) -> bytes:
    message = {"taskId": task_id, "remaining": PRICE, "amount": PRICE, "deadline": terms["deliverBy"]}
    return sign_intent(people.buyer, contracts.domain(chain_id), "Release", message)


def release(contracts, people, terms, chain, task_id):
    auth = release_auth(contracts, people, terms, chain.chain_id, task_id)
    return contracts.escrow.release(tuple(terms.values()), PRICE, auth, sender=people.carrier)


def work(contracts, people, terms, chain, payee) -> bytes:
    """Funded, awarded and submitted."""
    task_id = fund(contracts, people, terms, chain)
    award(contracts, people, terms, chain, payee)
    submit(contracts, people, terms, chain, task_id)
    return task_id

"""The steps that lead a task through its life, every one carried by somebody who is no party."""

from typed_data import sign, sign_intent

PRICE = 80_000_000
WORK = b"\x02" * 32


def fund(contracts, people, terms, chain) -> bytes:
    """By EIP-3009, whose nonce is the task id."""
    task_id = contracts.escrow.taskIdOf(tuple(terms.values()))
    valid_before = terms["awardBy"]
    message = {
        "from": people.buyer.address,
        "to": contracts.escrow.address,
        "value": terms["budget"],
        "validAfter": 0,
        "validBefore": valid_before,
        "nonce": task_id,
    }
    signature = sign(people.buyer, contracts.usdc_domain(chain.chain_id), "ReceiveWithAuthorization", message)
    values = tuple(terms.values())
    contracts.escrow.fundWithAuthorization(values, 0, valid_before, signature, sender=people.carrier)
    return task_id


def award(contracts, people, terms, chain, task_id, payee) -> None:
    domain = contracts.domain(chain.chain_id)
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
    bid_signature = sign(people.agent, domain, "Bid", bid)
    choice = {
        "taskId": task_id,
        "bidDigest": contracts.escrow.bidDigestOf(tuple(bid.values())),
        "price": PRICE,
        "transcript": bytes(32),
        "deadline": terms["awardBy"],
    }
    auth = sign_intent(people.auctioneer, domain, "Award", choice)
    arguments = (tuple(terms.values()), tuple(bid.values()), bid_signature, PRICE, bytes(32), auth)
    contracts.escrow.award(*arguments, sender=people.carrier)


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
    award(contracts, people, terms, chain, task_id, payee)
    submit(contracts, people, terms, chain, task_id)
    return task_id

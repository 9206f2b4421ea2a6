"""What the indexer counts."""

from app.metrics import Metrics

PREFIX = "guildhall_indexer_"

HELP = {
    "block": "The newest mirrored block.",
    "blocks_behind": "How far the mirror is behind the head.",
    "finalized_block": "The newest final block that is mirrored.",
    "leader": "1 while this process writes, 0 while it stands by.",
    "events_total": "Logs stored.",
    "quarantined_total": "Logs that could not be read; any is worth an alert.",
    "reorgs_total": "Reorganisations followed.",
    "reorg_depth_blocks": "The depth of the last one.",
    "rpc_requests_total": "Requests to nodes by outcome: ok, refused or unavailable.",
    "rpc_cost_seconds": "What an answer of a node is expected to cost: its time, failures and lag; the least is asked.",
    "rpc_excluded": "1 where a node serves another chain and is left out.",
    "rpc_failovers_total": "Questions that went on to another node because this one failed.",
    "rpc_hedges_total": "Questions asked twice because one node was late, by the node that answered.",
    "quorum_failures_total": "Ranges that the quorum did not vouch for: unanswered, or nodes or the mirror differ.",
    "subscribed": "1 while the node tells of new heads, 0 while the loop only polls.",
    "heads_total": "New heads that the node told of.",
    "subscription_failures_total": "Subscriptions that ended or were refused, by error.",
    "retries_total": "Steps that were tried again, by error.",
    "audit_last_success_timestamp_seconds": "When each check of the auditor was last done (unix seconds).",
    "audit_ranges_total": "Ranges of final blocks read again and compared.",
    "audit_rows_total": "Folded rows compared with a fold from zero.",
    "audit_mismatches_total": "Ranges and rows that differed, by kind; any is worth an alert.",
    "audit_healed_total": "Ranges and rows that were put right, by kind.",
    "audit_alerts_total": "What was found and left to a person.",
    "audit_errors_total": "Turns of the auditor that failed, by error.",
    "audit_surplus": "Base units that a contract holds beyond what is due; anybody may send it some.",
    "audit_shortfall": "Base units that a contract lacks; any is worth an alarm.",
    "batch_seconds": "How long a transaction took.",
}

metrics = Metrics(PREFIX, HELP)

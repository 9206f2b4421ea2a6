"""What an API process counts: read at GET /v1/operations/metrics."""

from app.metrics import Metrics

HELP = {
    "breaker_transitions_total": "Breakers of agents that opened, were probed or closed, by the state they are in now.",
    "agents_ejected": "Agents that get no calls because their breaker is not closed.",
    "calls_total": "Calls that ended, by outcome: answered, held, failed or refused.",
    "call_tries_total": "Agents that were asked, by outcome: ok, failed or not_waited_for.",
    "call_seconds": "How long a call took that was answered.",
    "calls_in_flight": "Calls on their way.",
    "vouchers_total": "Answers that were paid.",
    "vouchers_base_units_total": "What they cost.",
}

metrics = Metrics("guildhall_api_", HELP)

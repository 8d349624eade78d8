"""The invariants of every stack, a pure function each. Uses only the standard library.

An invariant yields a sentence for each breach. The tests check them on every shape of stack; the policy pack in
`policy/` checks them in a preview. Imports are relative, because the pack runs inside `policy/`.

To add an invariant, write the function in the module of its subject and list it here.
"""

from collections.abc import Sequence

from . import file_systems, functions, identity, network, stack, storage
from .documents import WITHOUT_RESOURCE_LEVEL
from .resource import Inputs, Invariant, Resource, StackInvariant

INVARIANTS: Sequence[Invariant] = (
    storage.buckets_block_public_access,
    storage.buckets_refuse_plain_http,
    storage.buckets_are_versioned,
    storage.buckets_know_no_access_lists,
    storage.data_is_encrypted,
    file_systems.file_systems_refuse_plain_traffic,
    file_systems.file_systems_are_reached_through_access_points,
    file_systems.file_clients_are_not_root,
    storage.repositories_never_move_a_tag,
    identity.resource_policies_name_their_principals,
    identity.services_call_for_one_resource,
    identity.grants_are_narrow,
    identity.services_assume_roles_for_one_account,
    identity.keys_are_used_for_what_is_named,
    identity.keys_are_used_through_services,
    identity.network_interfaces_are_for_lambda,
    identity.roles_have_no_policy_of_aws,
    identity.nobody_has_a_lasting_key,
    functions.functions_run_an_image_by_digest,
    functions.functions_write_their_own_logs,
    functions.functions_set_no_reserved_name,
    functions.functions_mount_inside_a_network,
    functions.snapshots_hold_what_lambda_can_restore,
    functions.function_urls_lead_to_an_alias,
    functions.failures_are_kept,
    functions.messages_fail_alone,
    functions.logs_are_kept_for_a_time,
    functions.tags_are_not_amazons,
    functions.tags_are_few,
    network.networks_let_nobody_in,
    network.networks_let_nothing_out,
    network.networks_have_no_gateway_to_the_internet,
    network.endpoints_let_named_resources_through,
    network.apis_log_and_throttle,
    network.domains_speak_current_tls,
    network.load_balancers_are_internal,
    network.browsers_send_no_credentials_to_everyone,
)
"""Rules about one resource."""

STACK_INVARIANTS: Sequence[StackInvariant] = (
    stack.buckets_are_guarded,
    file_systems.file_systems_have_a_policy,
    file_systems.functions_of_one_model_see_no_other,
    file_systems.functions_wait_for_their_mounts,
    stack.functions_wait_for_their_grants,
    stack.queues_of_functions_keep_what_fails,
    network.preflights_run_no_function,
    network.rest_apis_answer_preflights_themselves,
)
"""Rules about a whole stack."""


def breaches(type_: str, name: str, inputs: Inputs) -> list[str]:
    """Every breach of the rules about one resource."""
    return [breach for invariant in INVARIANTS for breach in invariant(type_, name, inputs)]


def stack_breaches(resources: Sequence[Resource]) -> list[str]:
    """Every breach of a stack: first those of single resources, then those of the whole."""
    alone = [breach for each in resources for breach in breaches(each.type, each.name, each.inputs)]
    between = [f"{each.name}: {said}" for invariant in STACK_INVARIANTS for each, said in invariant(resources)]
    return alone + between


__all__ = [
    "INVARIANTS",
    "STACK_INVARIANTS",
    "WITHOUT_RESOURCE_LEVEL",
    "Inputs",
    "Invariant",
    "Resource",
    "StackInvariant",
    "breaches",
    "stack_breaches",
]

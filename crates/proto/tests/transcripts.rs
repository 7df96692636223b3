//! Stories in virtual time, each played from `vectors/NAME.transcript`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod transcript;
mod words;

use transcript::play;

/// Names each story, and knows them all.
macro_rules! stories {
    ($($sentence:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $sentence() {
                play($name);
            }
        )*

        const NAMES: &[&str] = &[$($name),*];
    };
}

stories! {
    a_session_counts_what_it_sends_and_what_it_receives: "a-session",
    a_client_asks_for_a_session_in_every_way_there_is: "handshake-requests",
    a_server_reads_every_form_of_handshake_request: "handshake-received",
    a_refused_handshake_is_answered_and_closed: "refusals",
    a_client_that_is_refused_closes_and_fails_what_it_queued: "refused",
    a_handshake_answer_of_the_wrong_form_is_a_failed_handshake: "handshake-answers",
    a_client_asked_for_a_handshake_is_not_a_server: "not-a-server",
    before_the_handshake_anything_else_is_fatal: "before-the-handshake",
    a_handshake_while_one_is_processed_is_fatal: "handshakes-in-parallel",
    a_second_handshake_is_fatal_on_either_side: "second-handshake",
    messages_before_the_handshakes_answer_are_held_up_to_a_limit: "early-messages",
    a_call_is_settled_by_its_answer: "calls",
    a_servers_ids_fall_from_minus_one: "server-ids",
    every_kind_that_asks_is_answered_with_its_very_id: "being-called",
    a_repeated_or_wrongly_signed_id_is_answered_all_the_same: "any-server-id",
    a_server_takes_ids_that_restart: "restarted-ids",
    a_call_without_arguments_in_an_array_is_answered_17: "invalid-signature",
    an_event_without_arguments_in_an_array_is_rejected_and_counts: "events-without-arguments",
    an_answer_nobody_waits_for_is_rejected: "unknown-answers",
    an_answer_of_the_wrong_form_fails_its_caller: "malformed-answers",
    a_header_that_starts_with_no_integer_is_ignored: "unusable-headers",
    an_unknown_kind_is_rejected_and_the_connection_stays_open: "unknown-kinds",
    what_is_not_a_message_ends_the_transport: "fatal-messages",
    a_message_above_the_limit_ends_the_transport: "too-large-received",
    a_message_too_large_to_send_consumes_nothing: "too-large-sent",
    names_that_break_a_message_are_refused: "names",
    names_are_passed_on_as_they_come: "names-received",
    an_answer_acknowledges_everything_up_to_its_id: "acknowledgement",
    a_side_that_only_emits_asks_for_an_acknowledgement: "acknowledgement-pings",
    an_acknowledgement_ping_lost_with_its_transport_blocks_no_other: "acknowledgement-after-a-loss",
    at_the_limit_of_the_buffer_a_call_or_event_is_refused: "buffer-full",
    what_is_queued_during_a_handshake_counts_against_the_buffer: "queue-full",
    operations_before_the_handshake_is_done_wait_for_it: "queued",
    what_was_queued_for_a_handshake_that_failed_stays_in_order: "queued-over-a-loss",
    a_ping_issued_while_detached_is_not_started: "offline-pings",
    restore_step_1_the_client_says_what_it_has: "client-restore-1",
    restore_step_2_what_the_server_has_is_dropped: "client-restore-2",
    restore_step_3_calls_the_server_had_are_lost_after_the_rest_is_sent: "client-restore-3",
    restore_step_4_the_rest_is_sent_again_unchanged_and_in_order: "client-restore-4",
    restore_step_5_numbering_goes_on: "client-restore-5",
    restore_step_6_the_queue_is_sent_before_success_is_reported: "client-restore-6",
    restore_step_1_the_clients_count_is_clamped: "server-restore-1",
    restore_step_2_without_a_session_there_is_nothing_to_resume: "server-restore-2",
    restore_step_3_pending_calls_stay_with_the_session: "server-restore-3",
    restore_step_4_a_live_transport_is_replaced: "server-restore-4",
    restore_step_5_calls_the_client_had_are_lost_after_all_else: "server-restore-5",
    restore_step_6_the_server_says_what_it_has_before_anything_else: "server-restore-6",
    restore_step_7_the_rest_follows_and_numbering_goes_on: "server-restore-7",
    a_call_in_flight_is_in_doubt_when_the_peer_had_received_it: "in-doubt",
    a_doubt_does_not_run_out_while_there_is_no_transport: "in-doubt-again",
    a_call_below_an_acknowledged_one_is_lost_too: "lost-calls",
    a_server_keeps_answers_for_a_client_that_is_away: "kept-answers",
    a_resumed_transport_that_stays_silent_is_closed: "resume-check",
    each_state_lasts_as_long_as_its_timer_allows: "timers",
    closing_settles_what_is_pending_whatever_the_state: "close",
    events_and_resendable_calls_wait_for_a_transport_after_close: "after-close",
    a_resendable_call_whose_answer_is_lost_is_issued_again: "resend",
    a_request_withdrawn_before_it_left_is_never_sent: "withdraw",
    a_session_given_up_settles_everything_and_a_new_one_begins_at_one: "forget",
    a_silent_peer_is_dropped_by_the_heartbeat: "heartbeat",
    a_heartbeat_is_set_and_stopped_at_any_time: "heartbeat-settings",
    timers_held_back_are_not_taken_for_a_dead_peer: "heartbeat-late",
    the_end_of_a_transport_is_told_once: "ends",
    a_client_sent_away_may_come_back: "server-close",
    a_message_the_peer_closes_on_each_time_it_is_sent_again_is_given_up: "poison",
    the_messages_of_an_array_are_heard_as_if_each_had_come_alone: "batch",
    the_time_to_the_peer_and_back_is_taken_from_pings_of_our_own: "rtt",
}

#[test]
fn no_transcript_is_left_unplayed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let files = std::fs::read_dir(folder).unwrap();
    let mut found: Vec<String> = files
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".transcript").map(str::to_owned)
        })
        .collect();
    let mut played = NAMES.to_vec();
    found.sort();
    played.sort_unstable();
    assert_eq!(found, played);
}

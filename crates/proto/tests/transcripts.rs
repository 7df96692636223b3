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
    a_client_asked_for_a_handshake_is_not_a_server: "not-a-server",
    before_the_handshake_anything_else_is_fatal: "before-the-handshake",
    a_handshake_while_one_is_processed_is_fatal: "handshakes-in-parallel",
    a_second_handshake_is_fatal_on_either_side: "second-handshake",
    a_call_is_settled_by_its_answer: "calls",
    a_servers_ids_fall_from_minus_one: "server-ids",
    every_kind_that_asks_is_answered_with_its_very_id: "being-called",
    a_server_takes_ids_that_restart: "restarted-ids",
    a_call_without_arguments_in_an_array_is_answered_17: "invalid-signature",
    an_event_without_arguments_in_an_array_is_rejected_and_counts: "events-without-arguments",
    a_header_that_starts_with_no_integer_is_ignored: "unusable-headers",
    an_integer_is_a_number_however_it_is_spelled: "spelled-ids",
    an_unknown_kind_is_rejected_and_the_connection_stays_open: "unknown-kinds",
    a_message_above_the_limit_ends_the_transport: "too-large-received",
    a_message_too_large_to_send_consumes_nothing: "too-large-sent",
    names_are_passed_on_as_they_come: "names-received",
    an_acknowledgement_ping_lost_with_its_transport_blocks_no_other: "acknowledgement-after-a-loss",
    at_the_limit_of_the_buffer_a_call_or_event_is_refused: "buffer-full",
    what_is_queued_during_a_handshake_counts_against_the_buffer: "queue-full",
    what_was_queued_for_a_handshake_that_failed_stays_in_order: "queued-over-a-loss",
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
    a_server_keeps_answers_for_a_client_that_is_away: "kept-answers",
    each_state_lasts_as_long_as_its_timer_allows: "timers",
    closing_settles_what_is_pending_whatever_the_state: "close",
    a_request_withdrawn_before_it_left_is_never_sent: "withdraw",
    a_session_given_up_settles_everything_and_a_new_one_begins_at_one: "forget",
    a_silent_peer_is_dropped_by_the_heartbeat: "heartbeat",
    timers_held_back_are_not_taken_for_a_dead_peer: "heartbeat-late",
    a_page_that_slept_gives_each_timer_its_time_once_more: "timers-late",
    the_end_of_a_transport_is_told_once: "ends",
    a_client_sent_away_may_come_back: "server-close",
    the_messages_of_an_array_are_heard_as_if_each_had_come_alone: "batch",
    the_time_to_the_peer_and_back_is_taken_from_pings_of_our_own: "rtt",
    quirk_1_a_repeated_or_wrongly_signed_id_is_answered_all_the_same: "quirk-1",
    quirk_2_a_resumed_transport_that_stays_silent_is_closed: "quirk-2",
    quirk_4_a_call_below_an_acknowledged_one_is_lost_too: "quirk-4",
    quirk_5_a_resendable_call_whose_answer_is_lost_is_issued_again: "quirk-5",
    quirk_7_what_is_asked_for_during_a_resume_follows_what_is_sent_again: "quirk-7",
    quirk_8_operations_before_the_handshake_is_done_wait_for_it: "quirk-8",
    quirk_9_the_received_count_follows_the_last_id: "quirk-9",
    quirk_10_an_answer_acknowledges_everything_up_to_its_id: "quirk-10",
    quirk_11_no_number_from_the_wire_is_counted_up_to: "quirk-11",
    quirk_12_a_side_that_only_emits_asks_for_an_acknowledgement: "quirk-12",
    quirk_13_a_message_the_peer_closes_on_each_time_it_is_sent_again_is_given_up: "quirk-13",
    quirk_14_an_answer_that_comes_too_late_is_rejected: "quirk-14",
    quirk_15_a_session_that_is_gone_fails_everything_and_makes_room_for_another: "quirk-15",
    quirk_21_a_ping_issued_while_detached_is_not_started: "quirk-21",
    quirk_22_messages_before_the_handshakes_answer_are_held_up_to_a_limit: "quirk-22",
    quirk_29_an_empty_password_is_a_login: "quirk-29",
    quirk_30_a_handshake_answer_of_the_wrong_form_is_a_failed_handshake: "quirk-30",
    quirk_31_a_server_that_says_nothing_is_given_up: "quirk-31",
    quirk_32_a_client_that_is_refused_closes_and_fails_what_it_queued: "quirk-32",
    quirk_33_what_is_not_a_message_ends_the_transport: "quirk-33",
    quirk_36_an_answer_nobody_waits_for_is_rejected: "quirk-36",
    quirk_37_an_answer_of_the_wrong_form_fails_its_caller: "quirk-37",
    quirk_40_names_that_break_a_message_are_refused: "quirk-40",
    quirk_51_a_handshake_after_close_begins_anew: "quirk-51",
    quirk_52_close_ends_an_attempt: "quirk-52",
    quirk_55_each_transport_that_ends_is_told: "quirk-55",
    quirk_56_a_heartbeat_is_set_and_stopped_at_any_time: "quirk-56",
    quirk_57_events_and_resendable_calls_wait_for_a_transport_after_close: "quirk-57",
    quirk_70_answers_of_the_wrong_form_end_nothing_else: "quirk-70",
}

/// Of a server, of values (tests/mdsf.rs), or of nobody here.
const NOT_A_CLIENTS: &[u32] = &[
    3, 16, 17, 20, 23, 24, 25, 26, 27, 41, 42, 43, 44, 45, 46, 48, 64, 65, 66, 67, 68, 69, 71, 73,
];

/// By a transcript of its number or, where it takes a page to see it, by a test in a browser.
#[test]
fn every_quirk_that_concerns_a_client_is_shown() {
    let docs = include_str!("../../../docs/quirks.md");
    let numbers = docs.split("**Q").skip(1).map(|entry| {
        let end = entry.find(|letter: char| !letter.is_ascii_digit());
        entry[..end.unwrap()].parse::<u32>().unwrap()
    });
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/web");
    let in_a_page: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let unshown: Vec<u32> = numbers
        .filter(|number| !NOT_A_CLIENTS.contains(number))
        .filter(|number| !NAMES.contains(&format!("quirk-{number}").as_str()))
        .filter(|number| !in_a_page.contains(&format!("fn quirk_{number}_")))
        .collect();
    assert_eq!(unshown, Vec::<u32>::new());
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

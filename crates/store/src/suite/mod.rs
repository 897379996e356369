//! The contract suite: the required behaviour of every engine, as tests. Behind the feature `suite`.
//!
//! One line runs the whole suite on an engine. Other crates can run it on an engine with another configuration:
//!
//! ```ignore
//! async fn open() -> Arc<dyn EmptyStore> { /* an empty store */ }
//! sosik_store::contract_suite!(open);
//! ```
//!
//! To add a behaviour, add an `async fn(&World)` named as a sentence, and its line in
//! [`contract_suite!`](crate::contract_suite). A test of this crate finds those without a line.

#![expect(missing_docs, reason = "tests are named as sentences of behaviour")]
#![expect(clippy::unwrap_used, reason = "tests")]

pub mod accounts;
pub mod avatars;
pub mod bulk;
pub mod cache_leases;
pub mod closures;
pub mod comments;
pub mod cursor_keys;
pub mod feeds;
pub mod friends;
pub mod imports;
pub mod invitations;
mod known;
pub mod lifecycle;
pub mod likes;
pub mod maintenance;
pub mod media;
pub mod nodes;
pub mod notifications;
pub mod orders;
pub mod people;
pub mod previews;
pub mod privacy;
pub mod relations;
pub mod replies;
pub mod saved;
pub mod sessions;
pub mod stories;
pub mod suggestions;
pub mod uploads;
pub mod world;

/// Expands to one test for every behaviour of the contract. Takes an `async fn` that opens an empty store.
#[macro_export]
macro_rules! contract_suite {
    ($open:ident) => {
        $crate::contract_suite! { @tests $open;
            accounts {
                a_new_account_can_be_found_and_logged_into,
                nobody_logs_into_an_account_that_does_not_exist,
                a_handle_belongs_to_one_and_so_does_everything_that_looks_like_it,
                of_two_who_want_a_handle_at_once_one_gets_it,
                an_import_passes_over_handles_that_are_taken,
                a_new_password_ends_every_other_session,
                a_password_is_changed_only_from_the_one_that_was_checked_and_by_an_open_session,
                the_last_devices_that_logged_in_are_known_for_their_account_only,
            }
            bulk {
                friends_who_were_filled_in_are_friends_and_are_counted,
                filling_again_changes_nothing_and_afterwards_rows_are_checked_again,
                filling_in_somebody_who_does_not_exist_does_nothing,
                nobody_is_filled_beyond_the_limit_of_friends,
            }
            closures {
                a_closed_account_is_found_by_nobody_and_its_handle_stays_taken,
                an_account_is_closed_once_and_only_from_the_password_that_was_checked,
                a_mention_of_a_closed_account_is_plain_text,
                what_a_person_wrote_and_liked_elsewhere_is_listed_until_it_is_gone,
                rows_that_only_their_owner_saw_are_erased_in_steps,
                closed_accounts_are_listed_until_they_are_erased,
                repairs_do_not_make_a_closed_account_found_again,
                the_feed_by_definition_has_no_stories_of_closed_accounts,
            }
            comments {
                comments_are_kept_oldest_first_and_counted,
                comments_that_a_block_hides_are_counted_once_whoever_blocked,
                what_does_not_exist_cannot_be_commented_on,
                only_its_writer_edits_a_comment,
                a_comment_is_removed_by_its_writer_or_by_the_storys_author,
                the_same_request_comments_once,
                likes_and_comments_share_one_revision,
                imported_comments_are_counted_and_told_to_nobody,
            }
            cursor_keys {
                keys_are_kept_by_number_and_never_replaced,
            }
            feeds {
                a_feed_has_own_friends_and_followed_public_stories_newest_first,
                unfriending_blocking_muting_deleting_and_narrowing_are_gone_on_the_next_read,
                an_empty_circle_sees_its_own_stories_and_a_stranger_to_the_store_sees_none,
                one_author_with_many_stories_and_many_with_one_are_paged_to_the_end,
                in_random_worlds_the_merge_the_definition_and_the_rule_agree,
            }
            friends {
                a_request_that_is_accepted_makes_two_friends,
                asking_and_accepting_again_change_nothing,
                asking_back_is_accepting,
                two_who_ask_each_other_at_once_become_friends,
                a_request_can_be_taken_back_and_declined,
                a_request_that_a_block_ended_is_repeated_quietly,
                a_friendship_ends_for_both,
                nobody_befriends_themselves_a_stranger_to_the_store_or_somebody_severed,
                requests_that_wait_are_limited,
                whoever_is_full_neither_asks_nor_is_accepted,
                the_friend_limit_holds_when_many_accept_at_once,
                a_constraint_refuses_the_friend_and_the_follow_above_5000,
                both_sides_see_their_requests_newest_first,
            }
            imports {
                handles_are_answered_in_the_order_asked,
                pairs_that_are_there_already_are_counted,
                places_of_a_time_are_taken_also_by_stories_that_changed_or_are_deleted,
            }
            invitations {
                an_invitation_is_found_by_its_secret_and_listed_newest_first,
                an_invitation_is_used_as_often_as_it_allows,
                of_many_who_use_the_last_place_at_once_one_gets_it,
                what_is_revoked_or_expired_invites_nobody,
                an_invited_person_and_the_inviter_become_friends_without_a_request,
                nobody_has_more_invitations_than_the_limit_and_expired_ones_make_room,
            }
            lifecycle {
                a_write_that_was_acknowledged_is_seen_by_every_later_read,
                an_open_store_is_well_and_a_closed_one_says_that_it_is_closed,
                closing_waits_for_the_writes_that_were_accepted,
            }
            likes {
                a_like_counts_once_and_can_be_taken_back,
                what_does_not_exist_cannot_be_liked,
                many_who_like_at_once_are_all_counted,
                the_liked_stories_are_complete_down_to_where_they_say,
                likers_are_paged_newest_first,
                likes_that_a_block_hides_are_counted_once_whoever_blocked,
                a_viewer_with_more_blocks_than_a_story_has_likes_and_comments_gets_the_same_counts,
                imported_likes_are_counted_and_told_to_nobody,
            }
            avatars {
                an_avatar_changes_the_profile_when_it_is_ready_and_is_never_shown_in_a_story,
                the_last_upload_wins_in_whatever_order_they_are_processed,
                a_new_avatar_deletes_the_former_one,
                an_avatar_that_cannot_be_processed_changes_nothing_and_gives_way_to_the_next,
                a_late_worker_changes_no_avatar,
                a_removed_avatar_is_gone_with_the_uploads_for_one,
                an_avatar_is_kept_when_unused_uploads_are_deleted_and_counts_for_the_quota,
                of_avatars_that_are_uploaded_and_finished_at_once_one_stays,
            }
            media {
                an_upload_is_kept_and_is_due_for_processing,
                work_is_due_again_when_its_claim_expires_and_the_late_worker_changes_nothing,
                videos_and_everything_else_are_claimed_apart,
                a_claim_is_renewed_or_given_back_by_its_own_worker_only,
                a_claim_that_ends_without_a_result_is_a_fault_unless_it_was_released,
                a_released_claim_is_due_when_it_was_asked_for_and_its_worker_is_fenced,
                a_story_shows_its_photos_in_order_before_and_after_they_are_processed,
                a_photo_that_is_ready_before_the_post_is_shown_at_once,
                only_own_photos_that_no_other_story_has_are_attached,
                of_two_stories_that_take_one_photo_at_once_one_gets_it,
                an_edit_reorders_describes_adds_and_deletes_photos,
                the_photos_of_a_deleted_story_are_removed_and_forgotten,
                a_result_for_a_photo_of_a_deleted_story_changes_nothing,
                photos_are_added_to_a_bare_story_without_an_edit,
                a_person_deletes_own_photos_that_no_story_has,
                uploads_that_were_not_posted_are_deleted_a_few_at_a_time,
                only_so_many_videos_of_one_person_wait_even_at_once,
                nobody_uploads_beyond_the_quota_even_at_once,
            }
            nodes {
                two_nodes_never_hold_the_same_number,
                a_region_has_63_numbers_and_the_last_is_never_leased,
                the_next_holder_makes_ids_behind_those_of_the_last_and_the_last_is_fenced,
                a_lease_is_extended_and_never_cut,
                a_number_given_back_is_free_and_its_next_ids_come_after_the_last,
                ids_come_after_the_newest_id_of_every_kind,
                a_lease_grows_beyond_ids_that_are_ahead_of_the_clock,
                ids_come_after_every_lease_of_a_clock_that_was_ahead,
                a_lease_of_now_holds_back_no_other_number,
            }
            notifications {
                a_request_and_its_acceptance_are_told,
                likes_of_a_story_are_one_notification_that_moves_to_the_top,
                a_like_taken_back_is_told_no_more,
                the_mentioned_are_told_when_they_may_see_the_story,
                a_comment_is_told_to_the_author_and_a_mention_in_it_to_the_mentioned,
                an_edit_tells_the_newly_mentioned_once_and_at_the_top,
                an_edit_of_a_comment_tells_the_newly_mentioned_once,
                muted_people_tell_nothing,
                the_newest_likers_but_the_reader_come_with_their_notification,
                what_is_deleted_is_not_told_of_and_an_audience_is_the_current_one,
                what_was_withdrawn_long_ago_is_forgotten_a_few_at_a_time,
                notifications_are_paged_newest_first,
                read_notifications_stay_read_and_the_others_are_listed_apart,
            }
            orders {
                a_post_gives_the_order_to_deliver_it_claimed_already,
                a_repeated_post_makes_the_first_delivery_due_and_takes_it_from_nobody,
                a_post_without_a_claim_gives_an_order_that_is_due_at_once,
                an_order_has_one_worker_until_the_claim_runs_out,
                whoever_goes_on_with_an_order_goes_on_where_it_stands,
                an_order_goes_away_when_its_own_worker_has_done_it,
                a_claim_that_ran_out_changes_nothing_about_the_claim_of_the_same_process_after_it,
                what_a_process_gives_back_is_due_at_once_and_counts_no_attempt,
                a_failed_order_waits_until_it_is_due_and_dies_in_the_end,
                dead_orders_live_again_when_somebody_asks,
                many_dead_orders_live_again_in_steps_the_oldest_first,
                a_story_made_public_is_late_for_followers_until_it_is_delivered_to_them,
                a_dead_delivery_that_is_tried_again_or_made_public_is_late_for_friends_too,
                a_late_delivery_that_starts_over_keeps_its_number_until_it_is_done,
                late_stories_are_forgotten_when_there_are_many,
                the_delivery_that_waits_longest_counts_from_when_it_was_due,
                the_figures_know_the_oldest_pending_order,
            }
            people {
                those_who_exist_are_read_and_the_others_are_left_out,
                a_profile_changes_in_what_was_asked_and_gets_a_larger_revision,
                people_are_found_by_the_terms_of_their_present_name,
                the_index_of_terms_is_read_in_order_from_any_place,
                of_some_people_those_with_a_term_in_the_range_are_found_once,
                a_handle_is_free_until_somebody_has_it_or_one_like_it,
                everybody_is_walked_in_steps,
                a_profile_counts_friends_follows_followers_and_stories,
                public_stories_are_counted_through_posts_imports_edits_and_deletions,
                the_read_position_never_goes_back,
            }
            previews {
                a_story_shows_the_preview_of_its_link_once_it_is_made,
                a_preview_without_files_or_without_anything_to_show_leaves_no_row,
                a_preview_is_due_again_when_its_claim_expires_and_a_late_result_changes_nothing,
                postponed_work_is_due_at_its_time_unless_the_claim_is_lost,
                an_edit_keeps_replaces_or_removes_the_preview_by_the_first_link,
                a_result_for_a_link_that_an_edit_removed_changes_nothing,
                the_preview_of_a_deleted_story_is_removed_and_forgotten,
                a_link_is_fetched_by_one_and_its_result_is_used_until_it_expires,
                of_many_who_claim_a_link_at_once_one_fetches_it,
                a_fetch_whose_worker_died_is_claimed_again_and_its_late_result_is_refused,
                expired_links_are_listed_a_few_at_a_time_and_forgotten_unless_claimed_again,
            }
            privacy {
                settings_are_open_at_first_and_change_one_by_one,
                two_people_have_a_friend_in_common_or_not,
                a_friend_in_common_is_looked_for_among_the_friends_of_the_one_with_fewer,
                a_mention_that_the_settings_refuse_is_text_and_tells_nobody,
                an_edit_obeys_the_settings_of_its_time,
                an_import_keeps_the_mentions_of_the_past,
            }
            relations {
                a_follow_goes_one_way_and_ends,
                follows_blocks_and_mutes_have_limits,
                a_block_ends_friendship_requests_and_follows_both_ways,
                nothing_begins_across_a_block_and_nothing_comes_back_with_its_end,
                imports_do_not_reach_across_a_block_nor_to_people_who_do_not_exist,
                an_imported_friendship_answers_the_request,
                muting_is_seen_by_the_one_who_mutes,
                a_circle_holds_friends_follows_muted_and_severed,
                a_circle_holds_a_bounded_number_of_the_people_who_blocked_the_reader,
                lists_are_paged_newest_first_without_gaps_even_when_times_are_equal,
                readers_are_walked_in_ascending_order_each_once,
                readers_of_many_authors_are_walked_together_in_bounded_reads,
                an_author_becomes_large_and_small_again_with_hysteresis,
                in_every_relation_hidden_counts_agree_with_the_rule,
            }
            saved {
                a_saved_story_is_listed_once_at_its_first_place,
                what_does_not_exist_cannot_be_saved,
                saved_stories_are_paged_newest_first_even_when_times_are_equal,
                saved_stories_have_a_limit_that_holds_when_many_are_saved_at_once,
                the_purge_of_a_story_removes_it_from_everybodys_saved_ones,
            }
            replies {
                replies_have_one_level_and_are_paged_oldest_first,
                only_an_existing_comment_of_the_same_story_can_be_answered,
                a_deleted_comment_keeps_the_place_of_its_replies_and_goes_with_the_last,
                a_reply_notifies_whom_it_answers_once_and_as_far_as_they_may_see_it,
                the_deletion_of_a_comment_returns_whose_notification_went_away,
                an_earlier_comment_is_found_by_its_key,
                a_like_of_a_comment_counts_once_and_can_be_taken_back,
                likes_of_a_comment_are_one_notification_that_moves_to_the_top,
                many_who_like_and_reply_at_once_are_all_counted,
                likes_and_replies_that_meet_the_deletion_of_their_comment_leave_nothing,
                the_likes_of_a_deleted_comment_are_removed_a_few_at_a_time,
                likes_that_went_with_a_story_do_not_stop_the_clean_up_of_others,
                replies_and_likes_of_comments_go_with_their_story,
                imported_replies_and_likes_of_comments_are_counted_and_told_to_nobody,
            }
            sessions {
                a_session_is_found_by_its_token,
                sessions_are_listed_by_their_last_use,
                one_session_too_many_ends_the_least_recently_used,
                people_end_their_own_sessions_only,
                stale_sessions_are_removed_a_few_at_a_time,
            }
            stories {
                a_story_is_kept_as_it_was_posted,
                stories_that_do_not_exist_are_left_out,
                a_story_that_was_never_written_is_not_a_deleted_one,
                the_author_edits_text_mentions_and_tags,
                a_story_that_becomes_public_is_delivered_again,
                a_delivery_under_way_begins_again_when_the_story_becomes_public,
                a_deleted_story_is_gone_at_once_and_its_id_never_comes_back,
                an_authors_stories_are_paged_to_the_end_for_friends_and_for_others,
                stories_with_a_tag_are_paged_newest_first,
                a_tag_leads_to_stories_for_friends_by_friends_only,
                public_stories_of_all_authors_are_paged_newest_first_and_no_others,
                an_import_gives_no_orders_and_passes_over_what_it_has,
                the_same_request_posts_once,
                the_same_request_twice_at_once_posts_once,
                old_keys_are_forgotten_a_few_at_a_time,
                a_deleted_story_is_purged_in_bounded_steps,
                a_story_that_is_deleted_asks_for_its_purge_and_no_longer_for_its_delivery,
            }
            suggestions {
                the_latest_people_put_aside_are_kept_until_they_are_taken_up_again,
                nobody_puts_aside_people_who_do_not_exist,
                the_people_whom_most_follow_come_first,
            }
            uploads {
                an_upload_grows_until_it_is_a_medium,
                one_request_at_a_time_holds_an_upload,
                a_request_that_lost_its_hold_changes_nothing,
                an_upload_becomes_no_video_while_too_many_of_its_owner_wait,
                incomplete_uploads_count_for_the_quota_even_at_once,
                a_complete_upload_counts_for_the_quota_as_its_medium_even_at_once,
                an_upload_is_not_begun_without_room_for_what_it_reserves,
                a_write_of_a_request_that_ended_its_hold_changes_nothing,
                a_person_has_only_so_many_incomplete_uploads,
                an_upload_is_deleted_by_its_owner_and_expires,
                files_of_media_and_uploads_are_listed_in_order,
            }
            maintenance {
                what_is_right_is_left_alone,
                search_terms_become_those_of_handle_and_name,
                large_authors_are_marked_by_the_limits,
                people_and_stories_are_walked_in_steps,
            }
        }
    };
    (@tests $open:ident; $($noun:ident { $($behaviour:ident,)* })*) => {$(
        mod $noun {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let world = $crate::suite::world::World::new(super::$open().await);
                $crate::suite::$noun::$behaviour(&world).await;
                world.finish().await;
            })*
        }
    )*};
}

/// Expands to one test for every behaviour of [`CacheLeases`](crate::CacheLeases). Takes an `async fn` that opens an empty
/// store and returns it with its leases.
#[macro_export]
macro_rules! cache_leases_suite {
    ($open:ident) => {
        $crate::cache_leases_suite! { @tests $open;
            cache_leases {
                a_member_that_joins_is_told_that_everything_may_be_outdated,
                every_shared_copy_may_be_outdated_if_no_member_has_settled_anything,
                a_member_that_joins_gets_what_a_dead_one_has_not_settled,
                each_renewal_is_counted,
                members_have_leases_of_their_own,
                a_lease_that_was_renewed_is_not_revoked,
                a_member_without_a_lease_must_join_again,
                one_of_many_writers_revokes_a_lease,
                a_member_that_must_be_alone_joins_only_while_there_is_no_other,
                a_member_that_leaves_has_no_lease,
                members_that_serve_people_are_listed_with_their_addresses,
                changes_that_a_lease_may_not_have_seen_are_kept,
                changes_that_every_lease_has_seen_are_trimmed_up_to_the_limit,
                every_change_of_a_circle_is_logged_for_both_sides,
                every_change_of_a_story_or_a_profile_is_logged,
                every_end_of_a_session_is_logged,
                what_a_person_changed_for_themselves_is_logged,
                every_change_of_the_counts_of_a_story_is_logged,
                imports_log_what_they_outdate,
                what_outdates_nothing_is_not_logged,
                what_a_node_logs_by_itself_reaches_the_others,
            }
        }
    };
    (@tests $open:ident; $noun:ident { $($behaviour:ident,)* }) => {
        mod $noun {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let leased = $crate::suite::cache_leases::Leased::new(super::$open().await);
                $crate::suite::cache_leases::$behaviour(&leased).await;
                leased.finish().await;
            })*
        }
    };
}

//! The number that stands for a bucket in the column `bucket`.
//!
//! Citus distributes rows by a hash of the column, and gives each shard an equal range of hashes. The hashes of 0 to 255
//! are not even: of 32 shards, the largest would have 1.24 times the mean. So a bucket is stored as a number whose hash
//! lies in the 256th of all hashes that belongs to the bucket. Then every shard of 2, 4, … 256 has a contiguous range of
//! buckets, and people are spread as evenly as the buckets are drawn.
//!
//! PostgreSQL computes the hash (`hashint2`), which is the same in every version, because hash indexes contain it. The
//! numbers are the smallest ones that fit. They never change: they are in every row.

use sosik_feed::bucket::Bucket;

/// By bucket. A test compares them with the hashes of the server.
#[rustfmt::skip]
const PLACES: [i16; 256] = [
    354, 298, 60, 146, 443, 8, 132, 20, 230, 303, 259, 82, 118, 205, 1, 15,
    291, 155, 344, 31, 119, 88, 311, 458, 412, 148, 79, 94, 26, 33, 340, 24,
    520, 35, 157, 10, 115, 129, 598, 92, 104, 198, 579, 48, 109, 234, 466, 516,
    5, 53, 208, 652, 290, 323, 928, 112, 196, 50, 77, 200, 166, 178, 504, 632,
    61, 912, 93, 4, 141, 7, 215, 228, 368, 17, 416, 51, 729, 172, 689, 287,
    133, 162, 16, 187, 111, 295, 747, 96, 564, 269, 170, 492, 217, 324, 375, 85,
    302, 36, 202, 191, 89, 1487, 271, 619, 110, 174, 453, 19, 106, 55, 64, 0,
    37, 40, 262, 65, 45, 633, 264, 103, 656, 158, 101, 261, 117, 121, 3, 439,
    161, 293, 232, 113, 406, 366, 57, 52, 160, 62, 501, 353, 99, 422, 480, 367,
    522, 165, 731, 136, 525, 168, 645, 509, 102, 357, 413, 46, 140, 28, 186, 154,
    86, 6, 73, 192, 144, 66, 71, 356, 1512, 335, 70, 184, 21, 278, 477, 34,
    749, 83, 194, 124, 49, 265, 39, 574, 43, 56, 167, 249, 454, 371, 126, 13,
    387, 47, 308, 2, 426, 382, 388, 351, 349, 27, 199, 846, 95, 300, 114, 552,
    1101, 333, 134, 58, 314, 149, 481, 1004, 307, 41, 490, 219, 224, 631, 179, 185,
    479, 131, 30, 9, 116, 80, 81, 90, 59, 515, 72, 128, 260, 190, 22, 233,
    381, 29, 517, 12, 275, 78, 195, 11, 67, 726, 169, 44, 240, 107, 75, 18,
];

/// The number that stands for a bucket.
pub(crate) const fn place_of(bucket: Bucket) -> i16 {
    PLACES[bucket.number() as usize]
}

//! The texts of the measurement. All differ, because a page with one repeated text would compress unusually well.

const PHRASES: [&str; 16] = [
    "오늘은 날씨가 좋아서 강가를 오래 걸었어요.",
    "돌아오는 길에 만두를 샀는데, 다들 저녁은 드셨나요?",
    "The bakery on the corner has new opening hours.",
    "昨日の雨で川の水がずいぶん増えていました。",
    "주말에 산에 같이 갈 사람 있나요?",
    "Somebody left a blue umbrella on the 15:40 bus to the harbour.",
    "새로 산 자전거가 생각보다 가벼워서 깜짝 놀랐습니다.",
    "図書館の二階で静かに本を読むのが好きです。",
    "고양이가 또 화분을 넘어뜨렸어요.",
    "Does anybody have a spare ticket for Thursday?",
    "아침마다 듣던 라디오 방송이 끝나서 아쉽네요.",
    "やっと庭のトマトが赤くなりました。",
    "김치찌개에 참치를 넣으면 정말 맛있어요.",
    "Forty kilometres by bicycle, and not a single puncture.",
    "시험이 끝났으니 이제 영화를 보러 갑니다!",
    "駅前の喫茶店でばったり友だちに会いました。",
];

/// A typical story: three sentences and a number. Each number has a different text.
pub(crate) fn text(number: usize) -> String {
    // People who are close in the ring post close numbers. The third sentence differs nevertheless.
    let places = [number, number / 8, number.wrapping_mul(2_654_435_761) >> 20];
    let [one, two, three] = places.map(|place| PHRASES[place % PHRASES.len()]);
    format!("{one} {two} {three} {number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_stories_of_a_town_are_alike_and_each_keeps_the_rules() {
        let all: std::collections::BTreeSet<String> = (0..8_000).map(text).collect();
        assert_eq!(all.len(), 8_000);
        assert!(all.iter().all(|text| (60..1_000).contains(&text.len())));
    }
}

//! The names and texts of the people of a world. All words are our own, and no real person is meant.

use super::chance::{below, mix};

/// The language of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Three of five people.
    Korean,
    /// One of five people.
    English,
    /// One of five people.
    Japanese,
}

const NAMES: u64 = 0x5EED_0008;
/// Most sentences in a text.
const SENTENCES_MAX: u32 = 5;

impl Speech {
    /// The language of a person, the same in every world.
    pub fn of(person: u32) -> Self {
        match below(mix(NAMES, person.into()), 5) {
            0..=2 => Self::Korean,
            3 => Self::English,
            _ => Self::Japanese,
        }
    }
}

/// The name of a person, the same in every world. Many people share a name; the handle is unique.
pub fn name_of(person: u32) -> String {
    let (family, given) = (
        mix(NAMES, u64::from(person) << 8 | 1),
        mix(NAMES, u64::from(person) << 8 | 2),
    );
    let of = |families: &[&'static str], givens: &[&'static str]| {
        (one_of(families, family), one_of(givens, given))
    };
    match Speech::of(person) {
        Speech::Korean => {
            let (family, given) = of(&KOREAN_FAMILIES, &KOREAN_GIVEN);
            format!("{family}{given}")
        }
        Speech::English => {
            let (family, given) = of(&ENGLISH_FAMILIES, &ENGLISH_GIVEN);
            format!("{given} {family}")
        }
        Speech::Japanese => {
            let (family, given) = of(&JAPANESE_FAMILIES, &JAPANESE_GIVEN);
            format!("{family} {given}")
        }
    }
}

/// Some sentences: about a hundred bytes, sometimes four hundred.
pub(super) fn text(speech: Speech, chance: u64) -> String {
    let sentences: &[&str] = match speech {
        Speech::Korean => &KOREAN,
        Speech::English => &ENGLISH,
        Speech::Japanese => &JAPANESE,
    };
    // Short texts are the most frequent.
    let count = below(mix(chance, 1), 1 + below(mix(chance, 2), SENTENCES_MAX));
    let mut text = one_of(sentences, mix(chance, 3)).to_owned();
    for more in 0..u64::from(count) {
        text.push(' ');
        text.push_str(one_of(sentences, mix(chance, 4 + more)));
    }
    text
}

fn one_of(words: &[&'static str], chance: u64) -> &'static str {
    words[below(chance, u32::try_from(words.len()).unwrap_or(u32::MAX)) as usize]
}

const KOREAN_FAMILIES: [&str; 12] = [
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오",
];
const KOREAN_GIVEN: [&str; 16] = [
    "민아", "지훈", "서연", "도윤", "하은", "준서", "수빈", "예린", "태호", "유나", "시우", "채원",
    "건우", "소미", "재현", "다온",
];
const ENGLISH_FAMILIES: [&str; 12] = [
    "Hill", "Marsh", "Cole", "Reed", "Frost", "Lane", "Wells", "Stone", "Field", "Brook", "Page",
    "Hart",
];
const ENGLISH_GIVEN: [&str; 16] = [
    "Anna", "Ben", "Clara", "Dan", "Ella", "Finn", "Grace", "Hugo", "Iris", "Jack", "Kate", "Leo",
    "May", "Noah", "Olive", "Tom",
];
const JAPANESE_FAMILIES: [&str; 12] = [
    "佐藤", "鈴木", "高橋", "田中", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山口", "森",
];
const JAPANESE_GIVEN: [&str; 16] = [
    "はるか",
    "蓮",
    "結衣",
    "陽翔",
    "さくら",
    "湊",
    "葵",
    "悠真",
    "美咲",
    "大和",
    "ひなた",
    "颯太",
    "凛",
    "海斗",
    "千尋",
    "直樹",
];

const KOREAN: [&str; 14] = [
    "오늘 아침 바람이 참 시원하다.",
    "점심은 따뜻한 국수로 정했어요.",
    "버스를 놓쳐서 한 정거장 걸었더니 벚꽃이 피어 있었다.",
    "고양이가 창가에서 세 시간째 자는 중.",
    "퇴근길 노을이 예뻐서 잠깐 멈춰 섰습니다.",
    "새로 산 운동화, 발이 편해서 좋다! #산책",
    "주말에 같이 등산 갈 사람 있나요?",
    "책 한 권을 다 읽었다. 마지막 장에서 조금 울었다. #독서",
    "비가 그치고 나니 공기가 맑네요.",
    "엄마가 보내 준 김치가 도착했다. 오늘 저녁은 걱정 없음.",
    "회의가 네 개였지만 커피도 네 잔이었다.",
    "어릴 때 살던 골목에 다시 가 봤다. 문방구는 그대로였다.",
    "내일은 일찍 자야지. 어제도 그렇게 말했지만.",
    "텃밭에 상추가 이만큼 자랐어요.",
];
const ENGLISH: [&str; 14] = [
    "The kettle is on and the rain can do what it likes.",
    "Missed the early train, met an old friend on the late one.",
    "Does anybody have a ladder to lend until Sunday?",
    "First tomato of the year. It was the size of a marble.",
    "Walked home along the river instead. #walks",
    "Four meetings, one decision, no biscuits.",
    "The cat has found the one warm spot and will not share it.",
    "Finished the book at two in the morning. Worth it. #reading",
    "Somebody left a very good umbrella on the number nine.",
    "Learning the slow part of that song, slowly.",
    "Soup weather.",
    "My sister has taught the parrot to say my name.",
    "There is a new bakery on the corner and I have no willpower at all.",
    "Early night tonight. I said that yesterday, too.",
];
const JAPANESE: [&str; 14] = [
    "朝の空気が少し冷たくなってきた。",
    "昼は温かいうどんにしました。",
    "バスを逃したので一駅歩いたら、金木犀の香りがした。",
    "猫が日向から動かない。",
    "帰り道の夕焼けがきれいで、しばらく立ち止まった。",
    "新しい靴、とても歩きやすい! #散歩",
    "週末、一緒に山に登る人いますか?",
    "本を一冊読み終えた。最後の章で少し泣いた。 #読書",
    "雨が上がって、遠くの山まで見える。",
    "実家からみかんが届いた。しばらく困らない。",
    "会議が四つ、コーヒーも四杯。",
    "子どもの頃の通学路を歩いてみた。駄菓子屋はまだあった。",
    "今夜は早く寝る。昨日もそう言ったけれど。",
    "ベランダの紫蘇がこんなに育ちました。",
];

//! The rest of what people write in Japanese: weather, questions, thanks, greetings, one-word cries, replies, bios.

use super::super::chapter::{Chapter, Topic};
use crate::calendar::{PartOfDay, Sky};

/// Spoken to others, so polite, and alone: no diary sentence follows.
pub(super) const TO_EVERYBODY: &[Chapter] = &[
    Chapter {
        topic: Topic::Questions,
        leads: &[
            "{place}の近くで{food}がおいしいお店、知りませんか?",
            "{plant}を育てている方いますか?葉が黄色くなってきました。",
            "{city}で{time}あったら何をしますか?",
            "{sport}を始めるなら、まず何を買えばいいですか?",
            "{place}で{colour}傘を見た方いませんか?忘れたみたいです。",
            "{subject}を教えてくれる方を探しています。",
            "今、{place}は混んでいますか?",
            "最近のおすすめの映画はありますか?{film}は見ました。",
            "{drink}と{snack}、ひとつだけ選ぶなら?",
            "{shop}は今日開いていますか?",
            "{soon}{place}で一緒に{sport}をする方いませんか?",
            "{goods}が安いお店を教えてください。",
            "{ride}の時刻表、変わりましたか?",
            "{friend} {book}はもう読み終わった?",
            "引っ越しの手伝い、{num}人で足りるでしょうか?",
            "犬の名前に「{pet}」ってどう思いますか?",
        ],
        more: &[],
        tags: &["質問", "ソダムの人に聞きたい", "教えてください"],
        replies: &[
            "私も知りたいです",
            "{shop}に行ってみてください",
            "知ってます!あとで連絡しますね",
            "先週行ったけどよかったですよ",
            "はいはい!",
            "市場のおばあさんが詳しいです",
            "わからないけど応援してます",
            "今日は空いてましたよ",
            "写真があればわかるかも",
        ],
    },
    Chapter {
        topic: Topic::Thanks,
        leads: &[
            "{friend} {when}は{goods}をありがとう!",
            "{friend} おかげで{task}がうまくいったよ。ありがとう!",
            "{place}で財布を拾ってくださった方、本当にありがとうございました。",
            "待っていてくれた{ride}の運転手さん、ありがとうございました。",
            "お誕生日のお祝い、みなさんありがとう。{feel}。",
            "{shop}さん、{snack}のおまけありがとうございます!",
            "{friend} この前の{food}、最高だった。次は私が作るね。",
            "引っ越しを手伝ってくれた{num}人の友だち、一生感謝します。",
            "{relative}を病院まで送ってくださったご近所さん、ありがとうございました。",
            "{friend} {time}も話を聞いてくれてありがとう。元気が出た。",
        ],
        more: &[],
        tags: &["ありがとう", "感謝", "いい町"],
        replies: &[
            "どういたしまして!",
            "こちらこそありがとう",
            "いい話",
            "さすがソダム",
            "次は私が手伝うね",
            "心があたたまる",
            "お誕生日おめでとう!",
        ],
    },
    Chapter {
        topic: Topic::Weather,
        leads: &[],
        more: &[
            "{drink}が飲みたい。",
            "{place}をひと回りしてきた。",
            "こんな日は{food}。",
            "{pet}が窓辺から離れない。",
            "明日はどうかな。",
            "{feel}。",
            "{ride}はいつもより混んでいた。",
            "{music}が似合う日。",
            "洗濯物どうしよう。",
        ],
        tags: &["今日の天気", "空", "ソダムの空"],
        replies: &[
            "こっちも同じ",
            "風邪ひかないでね",
            "空の写真見せて",
            "今日はほんとにそうだったね",
            "こんな日は{food}だね",
            "あったかくしてね",
            "明日はましになるって",
        ],
    },
];

pub(super) const fn sky(sky: Sky) -> &'static [&'static str] {
    match sky {
        Sky::Clear => &[
            "空が{very}青い。",
            "{place}から見た夕焼けが{very}きれい。",
            "日差しが気持ちよくて{time}歩いた。",
            "雲ひとつない。",
            "天気がいいので{chore}をした。",
            "星が{very}よく見える。",
            "この天気なら{city}まで歩けそう。",
        ],
        Sky::Cloudy => &[
            "一日中くもり。",
            "{place}の上に低い雲。",
            "降りそうで降らない。",
            "{time}だけ日が差した。",
            "くもりの日の{place}は静かで好き。",
            "傘を持ってきたのに降らなかった。",
        ],
        Sky::Rain => &[
            "雨がもう{time}降っている。",
            "傘を{place}に忘れた。",
            "雨の音を聞きながら{food}。",
            "靴下がびしょびしょ。",
            "雨の{place}は{very}風情がある。",
            "{ride}の窓に雨粒。",
            "雨だ。チヂミ食べる人?",
            "柳川の水が増えている。気をつけて。",
        ],
        Sky::Snow => &[
            "雪だ!",
            "{place}が真っ白。",
            "雪だるまを{num}個作った。",
            "雪で{ride}が{time}遅れた。",
            "{pet}が初めて雪を見た。",
            "家の前の雪かきを{time}。腰が痛い。",
            "雪の夜には{drink}が{very}合う。",
        ],
        Sky::Hot => &[
            "{very}暑い。",
            "エアコンの前から{time}動けない。",
            "{snack}がないと生きられない。",
            "{place}で目玉焼きが焼けそう。",
            "セミが{time}鳴いている。",
            "暑くて{food}をやめてスイカにした。",
            "熱帯夜。眠れない。",
        ],
        Sky::Cold => &[
            "手が{very}冷たい。",
            "手袋を片方なくした。{place}で見た方いますか。",
            "{drink}のカップを{time}抱えている。",
            "布団から出られない。",
            "{place}が凍っている。",
            "厚手の下着を出した。{feel}。",
            "息が{very}白い。",
        ],
        Sky::Wind => &[
            "風が{very}強い。",
            "{place}で帽子を飛ばされた。",
            "強風で今日は船が出ないそう。",
            "窓が{time}ガタガタ鳴っている。",
            "風で{plant}の鉢が倒れた。",
            "髪を{num}回も結び直した。",
        ],
    }
}

pub(super) const fn greeting(part: PartOfDay) -> &'static [&'static str] {
    match part {
        PartOfDay::Morning => &[
            "おはよう!",
            "おはようございます。",
            "早起きした。",
            "朝いちばん。",
            "目覚ましを3回止めた。",
        ],
        PartOfDay::Noon => &[
            "お昼休み!",
            "もうお昼。",
            "やっとお昼。",
            "お昼のひとこと。",
        ],
        PartOfDay::Afternoon => &[
            "眠い午後。",
            "三時の壁。",
            "おやつの時間。",
            "西日がまぶしい。",
        ],
        PartOfDay::Evening => &[
            "今日もおつかれさま!",
            "もう夕方。",
            "帰り道。",
            "今日の記録。",
            "一日が早い。",
        ],
        PartOfDay::Night => &[
            "眠れない。",
            "寝る前にひとこと。",
            "夜更かし中。",
            "まだ起きてる人?",
            "こんな時間に。",
        ],
    }
}

pub(super) const fn meal(part: PartOfDay) -> &'static [&'static str] {
    match part {
        PartOfDay::Morning => &["朝ごはん", "遅めの朝ごはん", "今朝のごはん"],
        PartOfDay::Noon => &["お昼", "今日のお昼", "ランチ"],
        PartOfDay::Afternoon => &["遅めのお昼", "おやつ"],
        PartOfDay::Evening => &["夕ごはん", "今夜のごはん", "晩ごはん"],
        PartOfDay::Night => &["夜食", "今夜の夜食"],
    }
}

pub(super) const SHORT: &[&str] = &[
    "眠い",
    "お腹すいた",
    "帰りたい",
    "ひま",
    "まだ水曜みたいな気分",
    "また月曜日",
    "コーヒー",
    "おうち",
    "やった",
    "やらかした",
    "あ、忘れてた",
    "しあわせ",
    "{food}食べたい",
    "{snack}の気分",
    "{city}行きたい",
    "誰か呼んだ?",
    "ないしょ",
    "今日はここまで",
    "めんどくさい",
    "助かった",
    "合格",
    "{drink}の時間",
    "{pet}に会いたい",
    "{place}なう",
    "{sport}終了",
    "{chore}完了",
    "{friend} どこ?",
    "もうこんな時間",
];

pub(super) const TAILS: &[&str] = &[
    "笑", "!", "!!", "…", " 😊", " 😂", " 🥲", " ☕", " 🌿", " ✨", " 🙌", " 🐟", " 🌊", " 🍙",
    "♪", " 🏮", " 🎐", "〜", " 🌙", " 😴",
];

pub(super) const ASIDES: &[&str] = &[
    "今日は早く寝よう。",
    "{soon}、{relative}と約束がある。",
    "{place}は{very}静かだった。",
    "もう{num}日もこんな感じ。",
    "私だけかな?",
    "{drink}を飲んで落ち着こう。",
    "帰って{music}をかけて横になった。",
    "それより{chore}はいつやろう。",
    "とにかく{feel}。",
    "{friend} 見てる?",
    "昨日のことは忘れることにした。",
    "まあ、そんなもの。",
    "{ride}の中で書いている。",
    "明日は明日の風が吹く。",
];

pub(super) const LINKS: &[&str] = &[
    "くわしくはこちら: https://market.sodam.example/today",
    "写真はこちら: https://photo.sodam.example/album/{num}{num2}{num3}",
    "時刻表: https://bus.sodam.example/line/{num}",
    "読み物: https://blog.example.org/{num}{num2}",
    "案内はここ https://library.sodam.example/event/{num}{num2} です",
];

pub(super) const REPLIES: &[&str] = &[
    "笑った",
    "それな",
    "ほんとそれ",
    "私も!",
    "いいね",
    "わあ…",
    "がんばって!",
    "わかる",
    "今日もおつかれさま",
    "近いうちに会おう",
    "元気?",
    "最高 👍",
    "あらら",
    "えっ本当?",
    "いいなあ",
    "すてき!",
    "応援してる",
    "そうだったんだ",
    "まさに私",
    "久しぶり!",
    "まじか",
    "同感",
    "👏👏",
    "今度くわしく聞かせて",
    "ほっこりした",
    "私も{when}そうだった",
    "{soon}空いてる?",
    "{drink}飲みに行こう",
    "{shop}行く?",
    "{place}で会おうか",
];

pub(super) const AUTHOR_REPLIES: &[&str] = &[
    "ありがとう!",
    "でしょ笑",
    "次は一緒に!",
    "本当だってば",
    "みんなありがとう",
    "うん、近いうちに",
    "えへへ、ありがとう",
    "ないしょ",
    "いつでも!",
    "あとで教えるね",
];

pub(super) const BIOS: &[&str] = &[
    "{calling}。{hobby}が好きです。",
    "ソダム育ちの{calling}",
    "{hobby}と{hobby2}のあいだ",
    "{pet}と暮らす{calling}",
    "{city}からソダムへ。{calling}です。",
    "{calling} / 週末は{hobby}",
    "静かに{hobby}",
    "{drink}がないと動けません",
    "ソダムFCと{food}",
    "{pet}のしもべ",
];

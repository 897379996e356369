//! A small MP4 made of boxes. Its samples are no pictures: checks and copies read the index only.

/// What a file holds.
#[derive(Clone, Copy)]
pub(crate) struct Mp4 {
    pub(crate) codec: &'static [u8; 4],
    pub(crate) profile: u8,
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// Seconds of each of the three samples.
    pub(crate) seconds: u32,
    pub(crate) turned: bool,
    pub(crate) index_first: bool,
    /// Text in each place that metadata can be in.
    pub(crate) secret: &'static [u8],
}

impl Default for Mp4 {
    fn default() -> Self {
        Self {
            codec: b"avc1",
            profile: 100,
            width: 640,
            height: 360,
            seconds: 1,
            turned: false,
            index_first: false,
            secret: b"",
        }
    }
}

pub(crate) const SAMPLES: [&[u8]; 3] = [b"first sample", b"second", b"the third"];

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], name, &content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

impl Mp4 {
    pub(crate) fn file(self) -> Vec<u8> {
        let head = boxed(b"ftyp", &[b"isom\0\0\0\0isommp42"]);
        let samples = boxed(b"mdat", &[&SAMPLES.concat()]);
        let extra = [
            boxed(b"udta", &[self.secret]),
            boxed(b"uuid", &[&[7; 16], self.secret]),
        ]
        .concat();
        let index_bytes = self.index(0).len();
        let before = head.len() + extra.len() + 8;
        let (first, second) = match self.index_first {
            true => (self.index(before + index_bytes), samples),
            false => (samples, self.index(before)),
        };
        [head, extra, first, second, self.secret.to_vec()].concat()
    }

    fn index(self, samples_at: usize) -> Vec<u8> {
        let time = 3_800_000_000;
        let length = 3 * self.seconds * 1000;
        let matrix = match self.turned {
            true => [0, 0x10000, 0, 0xFFFF_0000, 0, 0, 0, 0, 0x4000_0000],
            false => [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000],
        };
        let matrix = words(&matrix);
        let movie = [
            words(&[0, time, time, 1000, length, 0x10000, 0x0100_0000, 0, 0]),
            matrix.clone(),
            vec![0; 24],
            words(&[2]),
        ];
        let size = words(&[u32::from(self.width) << 16, u32::from(self.height) << 16]);
        let track = [
            words(&[3, time, time, 1, 0, length, 0, 0, 0, 0]),
            matrix,
            size,
        ];
        let media = words(&[0, time, time, 1000, length, 0x55C4_0000]);
        let handler = [
            words(&[0, 0]),
            b"vide".to_vec(),
            vec![0; 12],
            self.secret.to_vec(),
            vec![0],
        ];
        let reference = boxed(
            b"dref",
            &[&words(&[0, 1]), &boxed(b"url ", &[&words(&[1])])],
        );
        let parts = |parts: &[Vec<u8>]| parts.concat();
        let information = boxed(
            b"minf",
            &[
                &boxed(b"vmhd", &[&words(&[1, 0, 0])]),
                &boxed(b"dinf", &[&reference]),
                &self.samples(samples_at),
            ],
        );
        let hidden = |name| boxed(name, &[self.secret]);
        boxed(
            b"moov",
            &[
                &boxed(b"mvhd", &[&parts(&movie)]),
                &boxed(
                    b"trak",
                    &[
                        &boxed(b"tkhd", &[&parts(&track)]),
                        &boxed(
                            b"mdia",
                            &[
                                &boxed(b"mdhd", &[&media]),
                                &boxed(b"hdlr", &[&parts(&handler)]),
                                &information,
                            ],
                        ),
                        &hidden(b"udta"),
                    ],
                ),
                &hidden(b"free"),
                &boxed(b"udta", &[&hidden(b"\xA9xyz")]),
            ],
        )
    }

    fn samples(self, samples_at: usize) -> Vec<u8> {
        let sizes: Vec<u32> = SAMPLES
            .iter()
            .map(|sample| u32::try_from(sample.len()).unwrap())
            .collect();
        let at = u32::try_from(samples_at).unwrap();
        boxed(
            b"stbl",
            &[
                &boxed(b"stsd", &[&words(&[0, 1]), &self.entry()]),
                &boxed(b"stts", &[&words(&[0, 1, 3, self.seconds * 1000])]),
                &boxed(b"stss", &[&words(&[0, 1, 1])]),
                &boxed(b"stsc", &[&words(&[0, 2, 1, 2, 1, 2, 1, 1])]),
                &boxed(b"stsz", &[&words(&[0, 0, 3]), &words(&sizes)]),
                &boxed(b"stco", &[&words(&[0, 2, at, at + sizes[0] + sizes[1]])]),
            ],
        )
    }

    /// The codec with its picture size and name of the encoder.
    fn entry(self) -> Vec<u8> {
        let mut encoder = [0; 32];
        let length = self.secret.len().min(31);
        encoder[0] = u8::try_from(length).unwrap();
        encoder[1..=length].copy_from_slice(&self.secret[..length]);
        let sps = [0x67, self.profile, 0, 31];
        let configuration = [
            &[1, self.profile, 0, 31, 0xFF, 0xE1, 0, 4][..],
            &sps,
            &[1, 0, 1, 0x68],
        ]
        .concat();
        let sides = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        boxed(
            self.codec,
            &[
                &[0, 0, 0, 0, 0, 0, 0, 1],
                &[0; 16],
                &sides,
                &words(&[0x0048_0000, 0x0048_0000, 0]),
                &[0, 1],
                &encoder,
                &[0, 24, 0xFF, 0xFF],
                &boxed(b"avcC", &[&configuration]),
            ],
        )
    }
}

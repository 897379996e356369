//! The task of a bus: reads its messages, sends answers and heartbeats, and recovers after a reconnection.

use std::sync::Arc;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use sosik_fabric::{FabricResult, PeerId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::frame::{Answer, Frame, Kind};
use super::roster::Place;
use super::{BusEvent, Shared};
use crate::error::{NatsError, failed};
use crate::options::NatsOptions;

/// An answer that the user of the bus has yet to give, and the node that waits for it.
type Pending = BoxFuture<'static, (PeerId, Answer)>;

pub(super) struct Runner {
    shared: Arc<Shared>,
    messages: Subscriber,
    answers: Subscriber,
    events: mpsc::Sender<BusEvent>,
    /// At most as many as events wait, and the one that the user of the bus handles.
    pending: FuturesUnordered<Pending>,
    beat: Interval,
    /// The connection whose subscriptions are known to be active.
    connects: u64,
    /// Messages that this node is known to have dropped.
    dropped: u64,
    /// An event was dropped, so [`BusEvent::MissedAll`] is due.
    overflowed: bool,
}

impl Runner {
    pub(super) async fn new(
        shared: Arc<Shared>,
        options: &NatsOptions,
        events: mpsc::Sender<BusEvent>,
    ) -> FabricResult<Self> {
        let link = &shared.link;
        let messages = link.subscribe(shared.all.clone()).await?;
        let answers = link.subscribe(shared.answers_of(shared.me)).await?;
        let mut beat = interval(options.beat_every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            shared,
            messages,
            answers,
            events,
            pending: FuturesUnordered::new(),
            beat,
            connects: 0,
            dropped: 0,
            overflowed: false,
        })
    }

    /// Greets the others after the subscriptions are active. Returns whether that succeeded; otherwise the task does it
    /// as soon as there is a connection.
    pub(super) async fn begin(&mut self) -> bool {
        let connects = self.shared.link.connects();
        let greeted = self.greet().await.is_ok();
        if greeted {
            self.connects = connects;
        }
        greeted
    }

    async fn greet(&mut self) -> FabricResult<()> {
        self.shared.link.round_trip().await?;
        self.shared.publish(Kind::Hello, &[]).await
    }

    /// Runs until the subscriptions end, which only happens when the client is closed.
    pub(super) async fn run(&mut self) {
        if let Err(error) = self.run_to_end().await {
            tracing::error!(%error, "a connection to NATS was closed for ever; restart this node");
        }
    }

    async fn run_to_end(&mut self) -> FabricResult<()> {
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                message = self.messages.next() => self.receive(open(message)?).await,
                answer = self.answers.next() => shared.note_answer(&open(answer)?.payload),
                Some(answered) = self.pending.next() => self.answer(answered).await,
                _ = self.beat.tick() => self.tick().await,
                () = shared.link.changed() => self.check_link().await,
            }
        }
    }

    async fn receive(&mut self, message: Message) {
        let mut payload = message.payload;
        let Some(frame) = Frame::take(&mut payload) else {
            return;
        };
        if frame.from == self.shared.me {
            return;
        }
        let place = self.shared.roster.lock().note(&frame, Instant::now());
        self.emit_place(frame, place);
        match frame.kind {
            // The others introduce themselves.
            Kind::Hello => self.send(Kind::Beat).await,
            Kind::Beat => {}
            Kind::Message | Kind::Question => self.deliver(frame, payload, place),
            Kind::Leave => {
                self.shared.roster.lock().remove(frame.from);
                self.emit(BusEvent::Left(frame.from));
            }
        }
    }

    fn emit_place(&mut self, frame: Frame, place: Place) {
        let from = frame.from;
        match place {
            Place::First => self.emit(BusEvent::Joined(from)),
            Place::AfterGap => self.emit(BusEvent::Missed(from)),
            Place::Next if frame.kind == Kind::Hello => self.emit(BusEvent::Reconnected(from)),
            Place::Next | Place::Late => {}
        }
    }

    /// Passes a message to the user. A late message without a question is outdated. A late question is answered, because
    /// its sender waits.
    fn deliver(&mut self, frame: Frame, payload: Bytes, place: Place) {
        let question = frame.kind == Kind::Question;
        if place == Place::Late && !question {
            return;
        }
        let (confirm, confirmed) = oneshot::channel();
        // An event without room is dropped with its channel, which refuses the question.
        self.emit(BusEvent::Message {
            from: frame.from,
            payload,
            confirm,
        });
        if question {
            let me = self.shared.me;
            self.pending.push(Box::pin(async move {
                let answer = Answer {
                    from: me,
                    number: frame.number,
                    confirmed: confirmed.await.is_ok(),
                };
                (frame.from, answer)
            }));
        }
    }

    async fn answer(&mut self, (to, answer): (PeerId, Answer)) {
        let link = &self.shared.link;
        let sent = link.publish(self.shared.answers_of(to), answer.write());
        // Without the answer the sender counts this node as silent and repeats its question.
        let _lost = sent.await;
    }

    async fn tick(&mut self) {
        self.check_link().await;
        self.send(Kind::Beat).await;
        let now = Instant::now();
        if self.shared.link.is_connected() {
            let silent = self.shared.roster.lock().remove_silent(now);
            for peer in silent {
                self.emit(BusEvent::Left(peer));
            }
        }
        self.report_overflow();
    }

    async fn send(&mut self, kind: Kind) {
        // A lost heartbeat is as good as a late one.
        let _lost = self.shared.publish(kind, &[]).await;
    }

    /// Reports what may have been missed. After a reconnection this waits until the subscriptions are active.
    async fn check_link(&mut self) {
        let (connects, dropped) = (self.shared.link.connects(), self.shared.link.dropped());
        if connects != self.connects {
            if self.shared.link.round_trip().await.is_err() {
                return; // the next heartbeat tries again
            }
            self.shared.roster.lock().forget_numbers(Instant::now());
            self.connects = connects;
            self.emit(BusEvent::MissedAll);
            self.send(Kind::Hello).await;
        } else if dropped != self.dropped {
            self.emit(BusEvent::MissedAll);
        }
        self.dropped = dropped;
    }

    /// Passes an event to the user, or drops it and reports that when there is room again.
    fn emit(&mut self, event: BusEvent) {
        self.report_overflow();
        if self.overflowed || self.events.try_send(event).is_err() {
            self.overflowed = true;
        }
    }

    fn report_overflow(&mut self) {
        if self.overflowed && self.events.try_send(BusEvent::MissedAll).is_ok() {
            self.overflowed = false;
        }
    }
}

fn open(message: Option<Message>) -> FabricResult<Message> {
    message.ok_or_else(|| failed(NatsError::Disconnected))
}

//! Line: a stretch of TCP between clients and the server on which faults can be staged.
//!
//! The server knows nothing of it, and neither do clients. What the server sends is passed on in
//! whole frames, so that something can be slipped in between two messages.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// What can go wrong on a client's transport.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The TCP connection drops at once.
    Cut,
    /// Nothing passes for a while.
    Mute(Duration),
    /// What the client sends is read and gets lost, and nothing is sent to it any more.
    Deaf,
    /// A close frame that the server never sent.
    CloseWith(u16, String),
    /// A message that the server never sent.
    Raw(String),
    /// The TCP connection drops after so many more bytes to the client.
    Truncate(usize),
}

/// All clients' transports.
#[derive(Default)]
pub(crate) struct Line {
    /// By the address from which the server sees them come.
    wires: Mutex<HashMap<SocketAddr, Wire>>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

struct Wire {
    faults: mpsc::UnboundedSender<Fault>,
    cut: Arc<Notify>,
}

impl Line {
    /// Listens on one address for a server on another. Returns the address listened on.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        address: &str,
        server: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let line = Arc::clone(self);
        let task = tokio::spawn(async move {
            loop {
                // Whoever is gone before being accepted is no loss.
                if let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&line).serve(client, server));
                }
            }
        });
        if let Some(before) = lock(&self.accepting).replace(task) {
            before.abort();
        }
        Ok(address)
    }

    /// Stops listening and drops every transport.
    pub(crate) async fn stop(&self) {
        let accepting = lock(&self.accepting).take();
        if let Some(accepting) = accepting {
            accepting.abort();
            // It ends as aborted, and the port is free then.
            let _ = accepting.await;
        }
        for wire in lock(&self.wires).values() {
            wire.cut.notify_one();
        }
    }

    /// Stages a fault on the transport that the server sees come from `client`.
    pub(crate) fn inflict(&self, client: SocketAddr, fault: Fault) {
        if let Some(wire) = lock(&self.wires).get(&client) {
            match fault {
                Fault::Cut | Fault::Truncate(0) => wire.cut.notify_one(),
                // A transport that has just ended has no use for further faults.
                fault => drop(wire.faults.send(fault)),
            }
        }
    }

    async fn serve(self: Arc<Self>, client: TcpStream, server: SocketAddr) {
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let Ok(address) = server.local_addr() else {
            return;
        };
        for stream in [&client, &server] {
            // It fails only if the peer is gone, which shows soon enough.
            let _ = stream.set_nodelay(true);
        }
        let (faults, staged) = mpsc::unbounded_channel();
        let cut = Arc::new(Notify::new());
        let wire = Wire {
            faults,
            cut: Arc::clone(&cut),
        };
        lock(&self.wires).insert(address, wire);
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (mode, modes) = watch::channel(Mode::Forward);
        let down = Down {
            from_server,
            to_client,
            mode,
            head: Some(Vec::new()),
            frames: Vec::new(),
            in_message: false,
            waiting: Vec::new(),
            left: None,
            cut: Arc::clone(&cut),
        };
        tokio::select! {
            _ = async { tokio::join!(up(from_client, to_server, modes), down.run(staged)) } => {}
            () = cut.notified() => {}
        }
        lock(&self.wires).remove(&address);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Forward,
    MutedUntil(Instant),
    Deaf,
    /// The client has been sent a close frame and is on its own.
    Closed,
}

/// How long a client that was sent a close frame may take to end its side.
const PATIENCE: Duration = Duration::from_secs(5);

/// Passes on what the client sends.
async fn up(
    mut from_client: OwnedReadHalf,
    mut to_server: OwnedWriteHalf,
    mut modes: watch::Receiver<Mode>,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from_client.read(&mut bytes) => read,
            // Without a sender the other direction has ended, which this one then does by itself.
            changed = modes.changed(), if *modes.borrow() != Mode::Closed => match changed {
                Ok(()) if *modes.borrow() == Mode::Closed => break,
                Ok(()) => continue,
                Err(_) => from_client.read(&mut bytes).await,
            },
        };
        let bytes = match read {
            Ok(read @ 1..) => bytes.get(..read).unwrap_or_default(),
            _ => break,
        };
        if is_forwarding(&mut modes).await && to_server.write_all(bytes).await.is_err() {
            return;
        }
    }
    drop(to_server);
    if *modes.borrow() == Mode::Closed {
        let leaving = async {
            while from_client
                .read(&mut bytes)
                .await
                .is_ok_and(|read| read > 0)
            {}
        };
        // Then it is dropped.
        let _ = timeout(PATIENCE, leaving).await;
    }
}

/// Waits while nothing may pass; then, whether what has been read is to go on.
async fn is_forwarding(modes: &mut watch::Receiver<Mode>) -> bool {
    loop {
        let mode = *modes.borrow_and_update();
        match mode {
            Mode::MutedUntil(until) if until > Instant::now() => tokio::select! {
                () = sleep_until(until) => {}
                Ok(()) = modes.changed() => {}
            },
            Mode::Forward | Mode::MutedUntil(_) => return true,
            Mode::Deaf | Mode::Closed => return false,
        }
    }
}

/// Passes on what the server sends.
struct Down {
    from_server: OwnedReadHalf,
    to_client: OwnedWriteHalf,
    mode: watch::Sender<Mode>,
    /// The answer to the HTTP request, as long as it is not complete.
    head: Option<Vec<u8>>,
    /// What has come of the next frame.
    frames: Vec<u8>,
    /// Whether fragments of a message are still to come.
    in_message: bool,
    /// Messages to slip in.
    waiting: Vec<String>,
    /// How many more bytes may pass.
    left: Option<usize>,
    cut: Arc<Notify>,
}

impl Down {
    async fn run(mut self, mut faults: mpsc::UnboundedReceiver<Fault>) {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let going_on = tokio::select! {
                Some(fault) = faults.recv() => self.inflict(fault).await,
                read = self.from_server.read(&mut bytes) => match read {
                    Ok(read @ 1..) => {
                        let bytes = bytes.get(..read).unwrap_or_default();
                        self.pass(bytes).await
                    }
                    _ => break,
                },
            };
            if going_on.is_err() {
                return;
            }
        }
        if *self.mode.borrow() == Mode::Deaf {
            // The client is not to learn of the server's end either.
            std::future::pending::<()>().await;
        }
        // The client may be gone already.
        let _ = self.to_client.shutdown().await;
    }

    /// An error ends this direction.
    async fn inflict(&mut self, fault: Fault) -> io::Result<()> {
        match fault {
            Fault::Cut | Fault::Truncate(0) => self.cut.notify_one(),
            Fault::Mute(time) => {
                let until = Instant::now() + time;
                self.mode.send_replace(Mode::MutedUntil(until));
                sleep_until(until).await;
                self.mode.send_replace(Mode::Forward);
            }
            Fault::Deaf => {
                self.mode.send_replace(Mode::Deaf);
            }
            Fault::CloseWith(code, reason) => {
                let mut payload = code.to_be_bytes().to_vec();
                payload.extend(reason.bytes().take(123));
                self.write(&frame(0x88, &payload)).await?;
                self.mode.send_replace(Mode::Closed);
                self.to_client.shutdown().await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Fault::Raw(text) => {
                self.waiting.push(text);
                self.slip_in().await?;
            }
            Fault::Truncate(left) => self.left = Some(left),
        }
        Ok(())
    }

    async fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        if *self.mode.borrow() == Mode::Deaf {
            return Ok(());
        }
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") else {
                return Ok(());
            };
            self.frames = head.split_off(end + 4);
            let head = self.head.take().unwrap_or_default();
            self.write(&head).await?;
        } else {
            self.frames.extend_from_slice(bytes);
        }
        while let Some(length) = frame_length(&self.frames) {
            let rest = self.frames.split_off(length);
            let frame = std::mem::replace(&mut self.frames, rest);
            // Control frames come between the fragments of a message and change nothing.
            if let Some(first) = frame.first().filter(|first| *first & 0x08 == 0) {
                self.in_message = first & 0x80 == 0;
            }
            self.write(&frame).await?;
            self.slip_in().await?;
        }
        Ok(())
    }

    async fn slip_in(&mut self) -> io::Result<()> {
        if !self.in_message && self.head.is_none() {
            for text in std::mem::take(&mut self.waiting) {
                self.write(&frame(0x81, text.as_bytes())).await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(left) = &mut self.left else {
            return self.to_client.write_all(bytes).await;
        };
        let passing = bytes.get(..*left).unwrap_or(bytes);
        *left -= passing.len();
        let is_over = *left == 0;
        self.to_client.write_all(passing).await?;
        if is_over {
            self.cut.notify_one();
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// The length of the unmasked frame at the beginning of `bytes`, if all of it is there.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let length = match bytes.get(1)? {
        127 => 10 + usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
        126 => 4 + usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        short => 2 + usize::from(*short),
    };
    (bytes.len() >= length).then_some(length)
}

/// An unmasked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(short @ ..126) => frame.extend(short.to_be_bytes().last()),
        Ok(medium) => {
            frame.push(126);
            frame.extend(medium.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_long_as_it_says() {
        for size in [0, 1, 125, 126, 65_535, 65_536] {
            let whole = frame(0x81, &vec![b'x'; size]);
            assert_eq!(frame_length(&whole), Some(whole.len()), "{size}");
            assert_eq!(frame_length(&whole[..whole.len() - 1]), None, "{size}");
            assert_eq!(
                frame_length(&[&whole[..], b"more"].concat()),
                Some(whole.len())
            );
        }
    }
}

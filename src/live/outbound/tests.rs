//! What waits, what goes out, and what is dropped.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::live::disconnect::Disconnect;
use crate::live::form::Form;
use crate::live::frame::Kind;

fn text(payload: &[u8]) -> Bytes {
    frame::alone(Kind::Text, payload)
}

fn close(outbound: &Outbound, why: Disconnect) {
    let (words, close) = Form::Json.close(why);
    outbound.close(words.as_ref(), &close);
}

async fn pair() -> (Outbound, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    socket2::SockRef::from(&server).set_send_buffer_size(4096).unwrap();
    socket2::SockRef::from(&client).set_recv_buffer_size(4096).unwrap();
    (Outbound::to_socket(server), client)
}

async fn drain(outbound: &Outbound) -> Drained {
    let drained = poll_fn(|context| {
        let drained = outbound.poll_drain(context);
        if drained.is_empty || drained.phase == Phase::Dead { Poll::Ready(drained) } else { Poll::Pending }
    });
    tokio::time::timeout(Duration::from_secs(10), drained).await.unwrap()
}

fn waiting(outbound: &Outbound) -> usize {
    let state = outbound.state.lock();
    assert_eq!(state.waiting, state.queue.iter().map(|waiting| waiting.frames.len()).sum::<usize>());
    state.waiting
}

/// Writes until the kernel takes no more, and returns what was said.
fn fill(outbound: &Outbound) -> Vec<u8> {
    let mut said = Vec::new();
    while waiting(outbound) == 0 {
        let frame = text(&vec![b'a' + (said.len() % 23) as u8; 3_000]);
        outbound.push(&frame);
        said.extend_from_slice(&frame);
    }
    said
}

#[tokio::test]
async fn frames_go_out_at_once_while_nothing_waits() {
    let (outbound, mut client) = pair().await;
    outbound.push(&Form::Json.ping());
    assert_eq!(waiting(&outbound), 0);
    let mut read = [0; 4];
    client.read_exact(&mut read).await.unwrap();
    assert_eq!(read[..], Form::Json.ping()[..]);
}

#[tokio::test]
async fn what_the_kernel_does_not_take_follows_in_order() {
    let (outbound, mut client) = pair().await;
    let mut said = fill(&outbound);
    for index in 0..100_u8 {
        let frame = text(&[index; 50]);
        outbound.push(&frame);
        said.extend_from_slice(&frame);
    }
    let mut read = vec![0; said.len()];
    let (drained, _) = tokio::join!(drain(&outbound), client.read_exact(&mut read));
    assert_eq!(drained, Drained { phase: Phase::Open, is_empty: true });
    assert!(read == said);
    assert_eq!(waiting(&outbound), 0);
}

#[tokio::test]
async fn a_reader_that_is_too_slow_gets_the_cut_frame_and_a_close() {
    let (outbound, mut client) = pair().await;
    let said = fill(&outbound);
    let frame = text(&[b'x'; 60_000]);
    while outbound.phase() == Phase::Open {
        outbound.push(&frame);
        assert!(waiting(&outbound) <= limits::OUTBOUND_BYTES_MAX);
    }
    assert!(outbound.was_slow());
    assert!(waiting(&outbound) < 4_000);
    outbound.push(&frame);
    drop(said);

    let mut read = Vec::new();
    let (drained, _) = tokio::join!(
        async {
            let drained = drain(&outbound).await;
            socket2::SockRef::from(outbound.socket().unwrap()).shutdown(std::net::Shutdown::Write).unwrap();
            drained
        },
        client.read_to_end(&mut read)
    );
    assert_eq!(drained.phase, Phase::Closing);
    let close = frame::close(disconnect::SLOW);
    assert!(read.ends_with(&close));
    assert!(!read.contains(&b'x'), "frames behind the cut one were dropped");
}

#[tokio::test]
async fn nothing_follows_a_close_frame() {
    let (outbound, mut client) = pair().await;
    close(&outbound, disconnect::SHUTDOWN);
    outbound.push(&Form::Json.ping());
    close(&outbound, disconnect::STALE);
    drop(outbound);
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    let words = text(br#"{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}"#);
    assert_eq!(read, [words, frame::close(disconnect::SHUTDOWN)].concat());
}

#[tokio::test]
async fn nothing_that_was_cancelled_follows_the_last_word() {
    let (outbound, mut client) = pair().await;
    let cancelled = AtomicBool::new(false);
    let frame = text(b"change");
    let last = text(b"left");
    outbound.push_unless(&cancelled, &frame);
    assert!(outbound.cancel(&cancelled, &last));
    outbound.push_unless(&cancelled, &frame);
    assert!(!outbound.cancel(&cancelled, &last));
    drop(outbound);
    let mut read = Vec::new();
    client.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, [frame, last].concat());
}

#[tokio::test]
async fn a_close_wakes_the_task_that_drains() {
    let (outbound, _client) = pair().await;
    let closed = poll_fn(|context| match outbound.poll_drain(context).phase {
        Phase::Open => Poll::Pending,
        phase => Poll::Ready(phase),
    });
    let (phase, ()) = tokio::join!(closed, async { close(&outbound, disconnect::STALE) });
    assert_eq!(phase, Phase::Closing);
}

#[tokio::test]
async fn giving_up_drops_what_waits() {
    let (outbound, _client) = pair().await;
    fill(&outbound);
    outbound.abort();
    assert_eq!(outbound.phase(), Phase::Dead);
    assert_eq!(waiting(&outbound), 0);
    outbound.push(&Form::Json.ping());
    assert_eq!(waiting(&outbound), 0);
}

async fn next(outbound: &Outbound) -> Option<Result<Bytes, Aborted>> {
    poll_fn(|context| outbound.poll_next(context)).await
}

#[tokio::test]
async fn a_body_takes_what_waits_in_order_and_ends() {
    let outbound = Outbound::to_body(Bytes::from_static(b"slow"));
    outbound.push(&Bytes::from_static(b"a"));
    // No close frame, whatever the first byte is.
    outbound.push(&Bytes::from_static(b"\x88\x01"));
    let (words, close) = Form::JsonLines.close(disconnect::SHUTDOWN);
    outbound.close(words.as_ref(), &close);
    outbound.push(&Bytes::from_static(b"too late"));
    assert_eq!(outbound.phase(), Phase::Closing);
    for expected in [Bytes::from_static(b"a"), Bytes::from_static(b"\x88\x01"), words.unwrap()] {
        assert_eq!(next(&outbound).await, Some(Ok(expected)));
    }
    assert_eq!(next(&outbound).await, None);
    assert_eq!(outbound.phase(), Phase::Dead, "it is over when all of it was taken");
}

#[tokio::test]
async fn a_body_wakes_who_writes_it() {
    let outbound = Outbound::to_body(Bytes::new());
    let (taken, ()) = tokio::join!(next(&outbound), async { outbound.push(&Bytes::from_static(b"a")) });
    assert_eq!(taken, Some(Ok(Bytes::from_static(b"a"))));
    let (ended, ()) = tokio::join!(next(&outbound), async { outbound.close(None, &Bytes::new()) });
    assert_eq!(ended, None);
    let outbound = Outbound::to_body(Bytes::new());
    let (broken, ()) = tokio::join!(next(&outbound), async { outbound.abort() });
    assert_eq!(broken, Some(Err(Aborted)));
}

#[tokio::test]
async fn a_body_that_is_read_too_slowly_ends_with_that_word() {
    let outbound = Outbound::to_body(Bytes::from_static(b"slow"));
    let bytes = Bytes::from(vec![b'x'; 60_000]);
    while outbound.phase() == Phase::Open {
        outbound.push(&bytes);
        assert!(waiting(&outbound) <= limits::OUTBOUND_BYTES_MAX);
    }
    assert!(outbound.was_slow());
    assert_eq!(next(&outbound).await, Some(Ok(Bytes::from_static(b"slow"))));
    assert_eq!(next(&outbound).await, None);
}

#[tokio::test]
async fn of_what_a_newer_replaces_only_the_newest_waits() {
    let (outbound, mut client) = pair().await;
    let (cancelled, mut said) = (AtomicBool::new(false), fill(&outbound));
    let newest = |kind: u32, frame: &[u8], whole: &[u8]| {
        let (frame, whole) = (text(frame), text(whole));
        outbound.push_newest(&cancelled, kind, &frame, || Some(whole));
    };
    newest(1, b"one", b"not needed");
    newest(2, b"other", b"not needed");
    outbound.push(&text(b"between"));
    for number in 0..1_000 {
        newest(1, b"two", format!("whole {number}").as_bytes());
    }
    outbound.push_newest(&cancelled, 2, &text(b"follows"), || None);
    cancelled.store(true, Ordering::Relaxed);
    newest(1, b"left", b"left");
    for frame in [&b"other"[..], b"between", b"whole 999", b"follows"] {
        said.extend_from_slice(&text(frame));
    }
    let mut read = vec![0; said.len()];
    let (drained, _) = tokio::join!(drain(&outbound), client.read_exact(&mut read));
    assert_eq!(drained, Drained { phase: Phase::Open, is_empty: true });
    assert!(read == said, "a slow reader is not sent away for what it need not read");
    cancelled.store(false, Ordering::Relaxed);
    newest(1, b"at once", b"not needed");
    assert_eq!(waiting(&outbound), 0);
}

/// The rest of a frame that was begun must follow.
#[tokio::test]
async fn what_is_half_written_is_not_taken_back() {
    let (outbound, mut client) = pair().await;
    let (cancelled, mut said) = (AtomicBool::new(false), Vec::new());
    while waiting(&outbound) == 0 {
        let frame = text(&vec![b'x'; 3_000]);
        outbound.push_newest(&cancelled, 1, &frame, || Some(text(b"never")));
        said.extend_from_slice(&frame);
    }
    for frame in [&b"next"[..], b"newer"] {
        outbound.push_newest(&cancelled, 1, &text(frame), || Some(text(b"whole")));
    }
    let mut read = Vec::new();
    let whole = text(b"whole");
    let is_cut = outbound.state.lock().head_is_cut;
    let expected = if is_cut { [&said[..], &whole].concat() } else { [&said[..said.len() - 3_004], &whole].concat() };
    read.resize(expected.len(), 0);
    let _ = tokio::join!(drain(&outbound), client.read_exact(&mut read));
    assert!(read == expected, "cut: {is_cut}");
}

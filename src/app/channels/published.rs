//! A publication: what a topic's payload holds, there and back. Nobody else knows how it is laid out.
//!
//! The product's own topics hold the JSON document and nothing else. A free-form channel's hold an envelope: a byte for its
//! form, the time (milliseconds since 1970, eight bytes, big-endian), the length of the head (four bytes), the head (JSON,
//! left out when there is nothing to say), the data.

use bytes::{BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::channels::Channel;
use crate::app::transact::{decode, encode};
use crate::backend::Change;
use crate::domain::time::Timestamp;

/// One publication of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// 0 in channels that keep nothing.
    pub offset: u64,
    /// JSON.
    pub data: Bytes,
    /// Who published it, where that is told.
    pub info: Option<ClientInfo>,
    pub tags: Vec<(String, String)>,
    /// When it was published; known of free-form channels only.
    pub at: Option<Timestamp>,
}

/// A client as others in a free-form channel see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    /// Empty: somebody without an account.
    pub user: String,
    /// The connection's id.
    pub client: String,
    /// JSON that came with the connection's token.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "raw")]
    pub conn_info: Option<Bytes>,
    /// JSON that came with the subscription's token.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "raw")]
    pub chan_info: Option<Bytes>,
}

/// The only form there has been so far.
const FORM: u8 = 1;
/// Form, time, length of the head.
const FIXED_BYTES: usize = 1 + 8 + 4;

#[derive(Default, Serialize, Deserialize)]
struct Head {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    info: Option<ClientInfo>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<(String, String)>,
}

impl ClientInfo {
    pub fn bytes(&self) -> usize {
        let infos = [&self.conn_info, &self.chan_info].into_iter().flatten().map(Bytes::len).sum::<usize>();
        self.user.len() + self.client.len() + infos
    }
}

impl Published {
    /// Of all that is told of it.
    pub fn bytes(&self) -> usize {
        told_bytes(&self.data, self.info.as_ref(), &self.tags)
    }

    /// What a change of the channel's topic says.
    ///
    /// # Errors
    /// The payload is none that was written here.
    pub fn read(channel: &Channel, change: &Change) -> Result<Self, AppError> {
        let Change { offset, payload } = change;
        match channel {
            Channel::Run(_)
            | Channel::Event(_)
            | Channel::User(_)
            | Channel::Link(_)
            | Channel::Positions(_)
            | Channel::Map(_)
            | Channel::Leaderboard(_) => {
                Ok(Self { offset: *offset, data: payload.clone(), info: None, tags: Vec::new(), at: None })
            }
            Channel::Open(_) => {
                let (at, head, data) = opened(payload).ok_or_else(|| {
                    tracing::error!("a stored publication cannot be read");
                    AppError::Internal
                })?;
                let Head { info, tags } = if head.is_empty() { Head::default() } else { decode(head)? };
                Ok(Self { offset: *offset, data, info, tags, at: Some(at) })
            }
        }
    }

    /// The payload of a free-form channel's topic.
    pub(super) fn envelope(
        data: &[u8],
        info: Option<ClientInfo>,
        tags: Vec<(String, String)>,
        at: Timestamp,
    ) -> Result<Bytes, AppError> {
        let head = match (&info, tags.is_empty()) {
            (None, true) => Bytes::new(),
            _ => encode(&Head { info, tags })?,
        };
        let head_len = u32::try_from(head.len()).map_err(|_| AppError::Internal)?;
        let mut payload = BytesMut::with_capacity(FIXED_BYTES + head.len() + data.len());
        payload.put_u8(FORM);
        payload.put_i64(at.as_millis());
        payload.put_u32(head_len);
        payload.put_slice(&head);
        payload.put_slice(data);
        Ok(payload.freeze())
    }
}

/// Bytes of a publication that holds these.
pub fn told_bytes(data: &[u8], info: Option<&ClientInfo>, tags: &[(String, String)]) -> usize {
    let tags = tags.iter().map(|(name, text)| name.len() + text.len()).sum::<usize>();
    data.len() + info.map_or(0, ClientInfo::bytes) + tags
}

/// Time, head and data; the data shares the payload's memory.
fn opened(payload: &Bytes) -> Option<(Timestamp, &[u8], Bytes)> {
    let (form, rest) = payload.split_first()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (head_len, rest) = rest.split_first_chunk()?;
    let head_len = usize::try_from(u32::from_be_bytes(*head_len)).ok()?;
    let (head, _) = rest.split_at_checked(head_len)?;
    let at = Timestamp::from_millis(i64::from_be_bytes(*at));
    (*form == FORM).then(|| (at, head, payload.slice(FIXED_BYTES + head_len..)))
}

/// JSON as it stands.
mod raw {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};
    use serde_json::value::RawValue;

    pub fn serialize<S: Serializer>(json: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = json.as_deref().map(serde_json::from_slice::<&RawValue>).transpose();
        raw.map_err(|_| S::Error::custom("no JSON"))?.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
        Ok(raw.map(|raw| Bytes::from(String::from(Box::<str>::from(raw)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RunId;

    fn read(channel: &Channel, payload: Bytes) -> Result<Published, AppError> {
        Published::read(channel, &Change { offset: 7, payload })
    }

    #[test]
    fn a_publication_is_read_as_it_was_written() {
        let open = Channel::Open("a".into());
        let at = Timestamp::from_millis(1_790_000_000_000);
        let client = ClientInfo {
            user: "42".into(),
            client: "c".into(),
            conn_info: Some(r#"{"a": [1,  2]}"#.into()),
            chan_info: None,
        };
        let tags = vec![("b".to_owned(), "ä".to_owned())];
        for (data, info, tags) in [
            (&b"{}"[..], None, Vec::new()),
            (b"1", Some(client.clone()), Vec::new()),
            (b"\"\"", None, tags.clone()),
            (b"[]", Some(client), tags),
        ] {
            let payload = Published::envelope(data, info.clone(), tags.clone(), at).unwrap();
            let data = Bytes::copy_from_slice(data);
            let published = Published { offset: 7, data, info, tags, at: Some(at) };
            assert_eq!(read(&open, payload.clone()).unwrap(), published);
            for len in 0..FIXED_BYTES {
                assert!(read(&open, payload.slice(..len)).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn a_payload_that_is_no_envelope_is_a_fault() {
        let open = Channel::Open("a".into());
        let at = Timestamp::from_millis(0);
        let good = Published::envelope(b"1", None, vec![("a".into(), "b".into())], at).unwrap();
        for (index, byte) in [(0, 2), (9, 0xff), (12, 0xff), (FIXED_BYTES, b'[')] {
            let mut bad = good.to_vec();
            bad[index] = byte;
            assert!(read(&open, bad.into()).is_err(), "{index}");
        }
        assert!(read(&open, Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn the_products_own_topics_hold_the_document_alone() {
        let run = Channel::Run(RunId::from_u128(7));
        let published = read(&run, Bytes::from_static(b"{}")).unwrap();
        assert_eq!((published.offset, &published.data[..], published.info), (7, &b"{}"[..], None));
    }
}

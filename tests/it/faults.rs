//! Redis in trouble, an instance in trouble, the network between them in trouble: what users see, that nothing which was
//! acknowledged is lost or counted twice, and that all is well again soon after, with nobody's help.
//!
//! Phones send fix after fix and repeat each until it is acknowledged; spectators keep to the protocol as the SDKs do and note
//! what they were told. In the end the track must hold each fix once, totals must be what the track comes to, and spectators
//! must know all of it. Here time is not advanced: what is waited for is real processes.

mod causes;
mod instance;
mod lost;
mod network;
mod node;
mod outage;
mod phone;
mod proxy;
mod spectator;
mod start;
mod world;

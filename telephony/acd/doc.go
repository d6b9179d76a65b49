// Package acd decides which agent gets which call.
//
// It is pure. Apply(state, event, now) applies what happened and returns what the world is to do; there is no clock, no
// socket and no chance in it, only the standard library, and the zones' clock changes read once by New. Who owns a
// State calls Apply for each event, and sends a Tick when Next says that time alone will change something. It promises
// that after every Apply no waiting call fits a Ready agent, that no agent has two offers and no call two agents, that each
// offer is resolved once and each call closed once. It leaves to package telephony everything that rings, plays or
// speaks, and who may send which event.
//
//	 CallIn                     DoOffer                     Accepted
//	───────▶ ┌───────────────┐ ──────────▶ ┌───────────┐ ───────────▶ ┌─────────┐
//	 Return  │    waiting    │             │  offered  │              │ talking │
//	         │ in its place  │ ◀────────── │           │              │         │
//	         └───────────────┘ DoWithdraw: └───────────┘              └─────────┘
//	           │   ▲   │       missed, rejected,  │                     │     │
//	           │   │   │       paused, out        │ hung up             │     │
//	           │   └───┼────── Requeue ───────────┼─────────────────────┘     │
//	  Overflow │       │ hung up                  │                           │ Ended
//	           ▼       ▼                          ▼                           ▼
//	  overflowed     abandoned                abandoned       answered
//
//	agent:  Paused ──Ready──▶ Ready ──offer──▶ Reserved ──▶ Ringing ──Accepted──▶ Talking ──▶ WrapUp ──▶ Ready
//	           ▲                ▲                 └─── missed, rejected, withdrawn ──▶ Ready or Paused
//	           └──── Pause ─────┘      (a Pause while Talking or in WrapUp comes after it)
//
// # Who may take a call
//
//   - Language: the agent has the call's language at the level it needs or above (some, qualified, native). No
//     language means any agent. The same for each skill.
//   - Groups: the agent is in one of the groups the call names, and that group is open. A call that names none asks
//     every open group, and agents who are in none. A group is open in its Hours, read on the wall clock of its zone; a day
//     group and a night group are two groups, and calls name both. In the hour a clock change leaves out nothing opens;
//     the hour that comes twice counts twice.
//   - Own staff: the employees of a practice, or of several, take their calls and no others, if the call says they exist
//     (OwnFirst, OwnOnly). They need be in no group.
//   - Needs loosen after stated waits (Needs.Relax): a lower level, any language, no skills, beyond own staff, more groups.
//     They only widen. The wait counts from when the call came in, also while it is offered.
//
// # Which call is first
//
// Calls stand in the order of when they came in less their Priority, a head start in time: 30 s of priority puts a call
// before all that came in up to 30 s earlier. So priority and the time waited are one figure, the order of two calls
// never changes, and nobody starves: a call is overtaken only by calls that come within the greatest head start after
// it. Equals keep the order they came in. An agent who becomes free gets the first call they may take.
//
// # Which agent is first
//
// Of the Ready agents who may take a call:
//
//  1. a practice's own staff come before all others;
//  2. an agent is spared while another will do who is strictly less able: who has no language and skill that the first has not at
//     least as well; or, with equal languages and skills, fewer groups and none besides;
//  3. the longest idle comes first. Idle counts from when the agent last became Ready: after a call, a pause, a miss or a
//     reject. A caller who hangs up while it rings costs the agent nothing.
//
// When one Apply frees several calls or agents, a group opening for instance, the calls are served in their order as long as
// those before them still are, and each has its pick of the agents that leave the others served: so an agent is also
// spared for a call, now waiting, that only they can take.
//
// # Offers
//
//   - An offer stands until its deadline (Config.Ring). A miss or a reject keeps the caller's place; the call goes to
//     others first and to the same agent again only after Config.Again. Config.Misses misses in a row pause the
//     agent with ReasonMissed; an answer sets the count back, a reject does not raise it.
//   - An answer counts until the offer is withdrawn, even past the deadline: the event comes before the timers that are
//     due in the same Apply.
//   - An OfferID is never used again. An event about an offer that no longer stands is refused with ErrStale.
//     Its epoch is its State's, so that no two writers' offers are equal either.
//   - Revise changes a call's needs: an offer to an agent who may no longer take it is withdrawn. What an agent can do may
//     change at any time (AgentIn again); an offer that stands is left.
//
// # Agents
//
//   - After a conversation comes wrap-up, ended by the agent or by its limit (Config.WrapUp; negative for none).
//   - A pause has a reason. In a conversation it comes after it and its wrap-up. Out during a conversation: the agent
//     leaves when it ends, without wrap-up; signing in again before that takes it back.
//
// # How a call ends
//
// Once, by DoClose with an Outcome. Needs.Overflow bounds the wait; an offer that stands then is not torn away. A call sent
// back by Requeue has the place of its first arrival. Ids of calls must not be used again while a call has them; of ended
// calls nothing is kept.
//
// # Figures
//
// Board counts by practice, language, group and all, in one pass; see Figures. ServiceLevel counts abandoned calls in,
// out, or the short ones out.
//
// # Failing over
//
// A State is not written down. A server that takes over makes a new one with a greater epoch, signs the agents in and gives
// it the waiting calls with Return: each stands where it stood, as its place follows from when it came in.
//
// # Cost
//
// Agents who can do the same share a profile and calls that ask the same share a slot; who fits what is kept as bits. So
// an Apply is O(log n) in calls and agents plus a few instructions a kind of call or agent, and allocates nothing once the
// kinds have been seen, except when several calls and agents match at once. A kind not seen before costs a comparison
// with every profile; a group that turns, one of every kind with every profile.
package acd

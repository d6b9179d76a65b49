// Package oncall answers who is on call at an instant, until when, who is next, and where nobody is. It is pure: no clock,
// no I/O, no randomness; the same document and instant give the same answer on every machine.
//
// A [Document] is the schedule as people write it, JSON described by oncall.schema.json. [Parse] reads one, [Compile] checks it and
// works it out for a span of time, and the [Schedule] it gives answers Who, Until, Next, Shifts, Gaps, Overlaps and Explain for
// any [Query], inside that span in O(log n) and outside it more slowly. ImportCalendar and ImportCSV make documents from what
// practices have; Schedule.Calendar writes a feed for their phones.
//
// What a file or a document says is never passed over in silence: what meets nothing, is not understood or lies outside of what is
// supported is an error with its line and field (Problems) or a warning, in Imported or by Schedule.Warnings, printed and counted by
// whoever asked.
//
//	             the strongest rule that says something decides
//
//	temporary ── replaces everything in its time ───────────────┐  hole ─► default provider
//	swap      ── the taker sits in the owner's seat, for good   │
//	override  ── add, remove, replace whoever sits there        ├──► who answers, sorted
//	leave     ── the backup sits in for who is away             │
//	left      ── who has left the practice sits nowhere         │
//	holiday   ── switches to the layers of another rule         │  nobody ─► default provider,
//	layers    ── the highest priority that has somebody         ┘            or a gap
//	                ▲           ▲         ▲
//	            rotation ∩ windows ∩ office hours ∩ from–until
//
// # Who answers
//
//   - A layer has somebody when its rotation, fixed people or dated shifts have, and its windows, hours and dates all allow it. The
//     layer with the highest priority that has somebody wins; layers of equal priority are on call together.
//   - A layer answers for one role ("primary" if it names none), and for every call type and location or only for those it lists. A
//     query without a call type is answered only by layers for all of them. A layer for one call type does not win by being particular:
//     give it the higher priority.
//   - A holiday that names a rule switches every role that has layers of that rule to those layers alone; a role that has none keeps
//     its regular layers. Layers of a rule count on no other day. Where holidays meet, the last written holds, the practice's own
//     after the national ones. A holiday that names no rule only closes the office. A national holiday on a weekend counts on its own
//     date and on the weekday it is observed on, unless the calendar's "dates" says otherwise. 29 February comes in leap years only.
//   - Office hours are those of the document less every holiday; "after" hours are all the rest.
//   - Leave acts on what layers say, and on the default provider: the backup sits in, or the backup's backup when that one is away too.
//     Of several leaves of one person at one time the last written holds, its backup and all. Without a backup a layer's seat stays
//     empty, and a layer left with nobody yields to the next; the default provider without a backup answers all the same, because
//     somebody away is better than nobody. Overrides, swaps and temporary schedules name somebody for a stated time and are taken at
//     their word, leave or not.
//   - Who has left the practice (a participant's "left", or Document.MarkLeft) sits nowhere from then on: in no layer, override, swap,
//     temporary schedule, and not as default provider or backup. What they leave empty is as if nobody had been named there; where
//     that leaves nobody scheduled is a gap. Warnings lists every field that still names them for a time after.
//   - Overrides act in the order of the document, each on what the ones before it left. A replacement fires only while the replaced
//     person is on call. A removal may leave a hole; it does not call up a lower layer. Without a role an override reaches every role
//     in which the person it removes is on call; one that only adds must name its role where the schedule has several.
//   - An open or taken swap changes nothing: the owner stays until approval. An approved one moves the owner's seats, before leave is
//     looked at, and no override moves or removes them again. A later swap may pass a taken duty on. An exchange is one entry with
//     "back", so that its two directions do not undo each other.
//   - A temporary schedule replaces all of that in its time for its scope; of several the last written. Where its shifts leave a hole the
//     role's default provider answers, never the layers below and never nobody: a document whose temporary schedule has no default for
//     its role is refused.
//   - The default provider also answers wherever nobody is scheduled at all. That is a gap nevertheless, and Gaps reports it.
//
// # Rotations
//
//   - Start is an anchor, not a birth date: a rotation turns in both directions for ever, so a start in the future already says who has
//     today. Use a layer's from and until to limit it.
//   - A participant who has more shifts than others stands in the turns more often. Shifts of unequal length come from handoffs
//     ("mon 08:00", "fri 17:00"), each of which passes the duty on.
//   - A monthly rotation that starts on the 29th, 30th or 31st hands off on the last day of a month that is shorter, and comes back to its
//     own day after.
//   - Windows cut a rotation and do not turn it: a handoff in the middle of a window happens there.
//   - Shifts are half open: at 08:00:00 the one who begins at 08:00 is on call.
//
// # Days
//
//   - A whole day as a beginning ("from", "left") is its first instant, and as an end ("to", "until") its last: a leave from 2026-12-24
//     to 2026-12-24 is one day, and a layer until 2026-12-31 is on call through New Year's Eve.
//   - A holiday lasts from its "begins" on its date, midnight if it names none, to the same clock a day later. Where a national holiday
//     counts on two days, each begins so. A holiday told by from and to has no "begins".
//
// # The clock
//
// All wall times are in the document's time zone. Weekly, daily and monthly shifts keep the wall time across a change of the clock
// because people meet at eight o'clock, not every 24 hours. Hourly shifts count elapsed hours, because they share out effort: in the
// night of 25 hours nobody works two of them for one. Who wants eight-hour shifts to change at 06:00, 14:00 and 22:00 all year writes a
// daily rotation with those handoffs.
//
//   - A time that the clock skips (02:30 on a spring night) is the first instant after the gap, 03:00: the old shift lasts to the gap's
//     end and nobody's is lost. Two handoffs in one gap fall together; the shift between them has no length, and its turn is spent.
//     So it is with a whole skipped day, as in Samoa on 30 December 2011.
//   - Of a time that comes twice (01:30 on an autumn night), what begins takes the first and what ends takes the last. A handoff begins a
//     shift and so ends the one before. The repeated hour is therefore always covered, at worst twice where two windows meet in it.
//   - Imported calendars follow RFC 5545 instead: a skipped 02:30 is 03:30, and of two readings both ends take the first. Written ones
//     say in UTC what has two readings, since not all readers do.
//
// Clock changes are known for the years 1900 to 2200; documents must stay within them, questions need not.
//
// # Left to others
//
// Whether a person can be reached (routing: somebody covered but unreachable is a gap there), what happens when nobody answers
// (routing's ladder), which call types and places calls have (Document.Unasked tells what no call asks for) and who has left
// (Document.MarkLeft is told), who may edit a schedule and how it is stored (console, notes/postgres).
package oncall

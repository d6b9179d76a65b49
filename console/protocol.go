//go:build !older && !newer

package console

// Protocol is what this build speaks. A new request or a new kind of event raises it, because an older build cannot pass over
// one; Spec.Since says which protocol brought a request. A new field does not raise it. Names, fields and their meanings are
// never changed or reused; see "Old and new side by side" in .github/CONTRIBUTING.md.
//
//	1  the first: without a version
//	2  versions, kinds of errors
//	3  the board and the inbox by page, the board's changes
//	4  the calls of now and their end by a supervisor, how far a call to a patient is;
//	   what an agent does about a late note, supervisors who take one over; which drafts were sent,
//	   who takes one over or is given it, a desk that signs out;
//	   what waits for a practice's chart, and whose it is; a practice's schedule, looked at and changed;
//	   somebody brought in for a caller, a caller transferred; the agents as they are, and a supervisor in on a call of theirs;
//	   people kept and invited, one's own sessions;
//	   the service's own settings, whether it is ready for a night, trials of its carriers;
//	   a practice written, published, compared and brought back on its page;
//	   a practice's patients, what they write with each other, a patient's own page, their appointments,
//	   photos and PDFs on their messages
const Protocol = 4

// OldestProtocol is the oldest protocol that a server still serves in full. A desk that speaks an older one is told to be
// updated, and still takes calls.
const OldestProtocol = 1

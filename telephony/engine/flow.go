package engine

import (
	"maps"

	"lamplight/telephony"
)

// This file is the life of a call as data: which signal moves it where, what is written down, and what is done. It does
// nothing itself; acts.go does what the acts say. A signal that a phase does not list changes nothing: it is late or
// told twice.

// A phase is where a call stands, finer than the CallState it shows to others.
type phase string

const (
	identifying phase = "opening"     // the ledger is asked whose number was dialled
	arrived     phase = "arrived"     // known; its row is being written
	waiting     phase = "waiting"     // in the queue, hears the greeting, then music
	popping     phase = "popping"     // an agent is reserved; the offer is being written
	ringing     phase = "ringing"     // the agent's desk has the pop, their phone is being rung
	joining     phase = "joining"     // the phone was answered; the two are being brought together
	linking     phase = "linking"     // joining, in a call of ours
	talking     phase = "talking"     // they hear each other
	held        phase = "held"        // the caller hears music, the agent nothing
	alone       phase = "alone"       // the agent's phone died in the talk: the caller hears music, the agent may come back
	rejoining   phase = "rejoining"   // the agent is back, their phone is being rung; the caller hears music
	calling     phase = "calling"     // a third party's phone is being rung; the agent hears that, the caller music
	briefing    phase = "briefing"    // it was answered: whoever it was hears who waits and is asked for a key, the agent with them
	merging     phase = "merging"     // they pressed it; the three are being brought together
	conferring  phase = "conferring"  // caller, agent and third party hear each other
	consulting  phase = "consulting"  // it was answered: agent and third party talk alone; the caller hears music
	patched     phase = "patched"     // caller and third party hear each other, the agent has gone
	sending     phase = "sending"     // a transfer: the third party's phone is being rung, the agent has gone; the caller hears music
	announcing  phase = "announcing"  // and was answered: whoever it was hears who waits and is asked for a key
	landing     phase = "landing"     // caller and third party are being brought together, the agent has gone
	recalling   phase = "recalling"   // the offer to a colleague, or after a failed transfer to who had the call, is being written
	returning   phase = "returning"   // their desk has the pop, their phone is being rung
	apologizing phase = "apologizing" // nobody's number: hears so
	leaving     phase = "leaving"     // hung up before the ledger told whose number it was
	spilled     phase = "spilled"     // given to the fail-safe before the ledger told whose number it was
	placing     phase = "placing"     // a call of ours; its row is being written
	dialling    phase = "dialling"    // the first party's phone is being rung
	proving     phase = "proving"     // a provider's phone was answered: a person presses a key, a machine does not
	telling     phase = "telling"     // of a call for trial: they hear a code, again and again
	reaching    phase = "reaching"    // the first party is there; the second's phone is being rung
	closed      phase = "closed"      // over; what is left on the switch is being removed
)

// A signal is what happened to a call.
type signal string

const (
	lineKnown      signal = "line known"
	lineUnknown    signal = "line unknown"
	written        signal = "written"         // the last move is in the ledger
	unwritable     signal = "unwritable"      // the ledger has not answered for LedgerPatience
	unreachable    signal = "unreachable"     // the caller could not be answered or put where they hear us
	played         signal = "played"          // the prompt is over
	chosen         signal = "chosen"          // the caller pressed a key for another language
	offered        signal = "offered"         // the queue chose an agent
	rejected       signal = "rejected"        // the agent gave the offer back
	missed         signal = "missed"          // the phone was not answered in time, or refused, or could not be rung
	waitedOut      signal = "waited out"      // nobody came for WaitAtMost
	withdrawn      signal = "withdrawn"       // the queue took the offer back
	nearUp         signal = "near up"         // the first party of a call of ours answered
	answeredBy     signal = "answered by"     // the provider's phone was answered, by whomever or whatever
	proved         signal = "proved"          // a key was pressed on it, or on a third party's
	unproved       signal = "unproved"        // none was, for ProveFor
	codeAsked      signal = "code asked"      // it was pressed in a call for trial
	codeTold       signal = "code told"       // the code was said for ProveFor
	farUp          signal = "far up"          // the agent's phone, or the second party, answered
	joined         signal = "joined"          // all who are to talk are in one bridge
	unjoined       signal = "unjoined"        // they could not be brought together
	nearGone       signal = "near gone"       // the caller, or the first party, hung up
	nearLost       signal = "near lost"       // the fail-safe took the caller
	farGone        signal = "far gone"        // the agent's, or the second party's, leg is over
	farSilent      signal = "far silent"      // the agent's phone died: nobody hung up
	nearAlone      signal = "near alone"      // the caller, without the agent they talked to, who does not come back
	switchDied     signal = "switch died"     // and the talk with it
	rejoinAsked    signal = "rejoin asked"    // by the agent, whose phone is not in the call any more
	holdAsked      signal = "hold asked"      // by the agent
	resumeAsked    signal = "resume asked"    // by the agent
	patchAsked     signal = "patch asked"     // by the agent: somebody is to be brought in
	thirdUp        signal = "third up"        // their phone was answered, by whomever or whatever
	thirdThere     signal = "third there"     // the same of one who is asked for no key
	thirdGone      signal = "third gone"      // their leg is over
	leaveAsked     signal = "leave asked"     // by the agent: the other two go on
	conferAsked    signal = "confer asked"    // by the agent, who talks with a third party alone: all three are to talk
	transferAsked  signal = "transfer asked"  // by the agent, who goes: somebody is to be called for the caller
	handAsked      signal = "hand asked"      // by the agent, who goes: a colleague is to have the call
	recalled       signal = "recalled"        // it is offered to one agent, by name, before the queue has it
	superviseAsked signal = "supervise asked" // by a supervisor who is to be in on it
	supervisorUp   signal = "supervisor up"   // their phone was answered
	modeAsked      signal = "mode asked"      // by them: who is to hear them
	supervisorGone signal = "supervisor gone" // their leg is over, or they have heard enough
	hangUpAsked    signal = "hang up asked"
	endAsked       signal = "end asked" // by a supervisor
)

// An act is what is to be done about it; acts.go says how.
type act string

const (
	admit          act = "admit"      // answer the caller, make the bridge, greet
	enqueue        act = "enqueue"    // give the call to the queue
	apologize      act = "apologize"  // say that the number is nobody's
	startMusic     act = "music"      // hold music for who waits
	heard          act = "heard"      // the choice of language is over
	relearn        act = "relearn"    // tell the queue the language now
	pop            act = "pop"        // show the offer on the desk
	ringAgent      act = "ring agent" // ring the agent's phone
	unpop          act = "unpop"      // take the offer off the desk
	dropFar        act = "drop far"   // hang up the agent's leg, whatever it does
	reportMissed   act = "tell missed"
	reportTaken    act = "tell taken" // the agent has the call
	reportLost     act = "tell lost"  // the agent is free again through no fault of theirs
	takeBack       act = "take back"  // from an agent who talked: off their desk, their recording ended, tell lost
	awaitAgent     act = "await agent"
	replaceFar     act = "replace far" // hang up the agent's old leg, not the caller with it
	join           act = "join"        // bring both into the bridge
	secure         act = "settle"      // leases and peers of two who talk, their recording
	part           act = "part"        // the agent out of the bridge, music for the caller
	rejoin         act = "rejoin"      // the agent back, no music
	stepAside      act = "step aside"  // music for the caller, the agent to where a third party will be
	dialThird      act = "dial third"
	ringBack       act = "ring back"   // have the agent hear that it rings, again and again
	brief          act = "brief"       // tell whoever answered who waits and ask for a key, again and again
	meetThird      act = "meet third"  // bring whoever answered to the agent
	pressThird     act = "press third" // the third party's extension
	merge          act = "merge"       // bring all three, or those of them who are there, into the bridge
	confer         act = "confer"      // leases and peers of three who talk
	dropThird      act = "drop third"  // hang up the third party's leg; nobody is aside any more
	clearAside     act = "clear aside" // nobody is aside any more
	passOn         act = "pass on"     // take the call off the desk of the agent who hands it over, and offer it to the colleague
	recall         act = "recall"      // offer the call to the agent who had it if they are free, else give it to the queue
	takenAgain     act = "taken again" // the agent whom it was offered to has it
	giveBack       act = "give back"   // that agent does what they did before; the call is the next one's, or the queue's
	dialSupervisor act = "dial supervisor"
	dropSupervisor act = "drop supervisor" // hang up the supervisor's leg
	stopRecord     act = "stop recording"  // the agent goes: what the caller says then is not theirs
	dialNear       act = "dial near"
	askKey         act = "ask for a key" // of who answered the provider's phone, again and again
	tellCode       act = "tell code"
	dialFar        act = "dial far"
	pressKeys      act = "press keys"  // the second party's extension
	leaveQueue     act = "leave queue" // out of the queue, the agent free or in wrap-up
	overflow       act = "overflow"    // give the caller to the fail-safe
	wipe           act = "wipe"        // hang up and remove everything on the switch
	letGo          act = "let go"      // the fail-safe keeps the two talking: remove our things, hang up nobody
)

// A transition is what a signal does in a phase: the phase after it, the line it adds to the call's story ("" adds none), how
// the call ended if it did, and what is done.
type transition struct {
	to      phase
	note    telephony.StepKind
	outcome telephony.Outcome
	do      []act
}

func do(acts ...act) []act { return acts }

// repeats are the phases whose prompt is said again and again.
var repeats = map[phase]bool{proving: true, telling: true, calling: true, briefing: true, announcing: true}

// over is an end: nobody of the call is left to the queue or on the switch.
func over(o telephony.Outcome, acts ...act) transition {
	return transition{to: closed, note: telephony.StepEnded, outcome: o, do: append(do(leaveQueue, unpop), acts...)}
}

// overForTwo is an end of a call whose agent has gone before.
func overForTwo(o telephony.Outcome, acts ...act) transition {
	return transition{to: closed, note: telephony.StepEnded, outcome: o, do: acts}
}

// bringingIn is a phase in which the caller hears music while the agent brings a third party in: own is what moves it on, the rest
// brings the caller back to the agent, or ends it for everybody.
func bringingIn(own map[signal]transition) map[signal]transition {
	back := transition{to: talking, note: telephony.StepPatchFailed, do: do(rejoin, dropThird, secure)}
	all := map[signal]transition{
		thirdGone:   back,
		resumeAsked: back,
		hangUpAsked: over(telephony.Completed, wipe),
		endAsked:    over(telephony.Completed, wipe),
		nearGone:    over(telephony.Completed, wipe),
		farGone:     over(telephony.Completed, wipe),
		farSilent:   {to: alone, note: telephony.StepCutOff, do: do(dropThird, startMusic, awaitAgent)},
		switchDied:  over(telephony.Abandoned, wipe),
		rejoinAsked: {to: rejoining, do: do(dropThird, startMusic, replaceFar, ringAgent)},
		nearLost:    over(telephony.Completed, letGo, dropThird),
		nearAlone:   {to: waiting, note: telephony.StepLost, do: do(dropThird, takeBack, startMusic)},
	}
	maps.Copy(all, own)
	return all
}

// sentOn is a phase in which the caller hears music while somebody is called for them whom no agent waits for: own is what moves it
// on, the rest brings the caller to an agent, or ends it. Who hangs up before anybody talked to them is to be called back.
func sentOn(own map[signal]transition) map[signal]transition {
	back := transition{to: waiting, note: telephony.StepNoTransfer, do: do(dropThird, startMusic, recall)}
	all := map[signal]transition{
		thirdGone:   back,
		unproved:    back,
		unjoined:    back,
		unreachable: overForTwo(telephony.Overflowed, dropThird, overflow),
		endAsked:    overForTwo(telephony.Abandoned, wipe),
		nearGone:    overForTwo(telephony.Abandoned, wipe),
		nearLost:    overForTwo(telephony.Overflowed, wipe),
		switchDied:  overForTwo(telephony.Abandoned, wipe),
	}
	maps.Copy(all, own)
	return all
}

// supervised is a phase in which a supervisor may be in on the call: what becomes of them moves nobody else. Wherever the call goes
// they go along (seatSupervisor); it ends with a phase that is none of these.
func supervised(p phase, own map[signal]transition) map[signal]transition {
	all := map[signal]transition{
		superviseAsked: {to: p, do: do(dialSupervisor)},
		supervisorUp:   {to: p, note: telephony.StepSupervised},
		modeAsked:      {to: p, note: telephony.StepSupervised},
		supervisorGone: {to: p, do: do(dropSupervisor)},
	}
	maps.Copy(all, own)
	return all
}

// flow is the whole life of a call.
var flow = map[phase]map[signal]transition{
	identifying: {
		lineKnown:   {to: arrived, note: telephony.StepArrived},
		lineUnknown: {to: apologizing, do: do(apologize)},
		unwritable:  {to: spilled, do: do(overflow)},
		nearGone:    {to: leaving},
		nearLost:    {to: spilled},
	},
	leaving: { // still owed: a row for who hung up, so that somebody calls back
		lineKnown:   over(telephony.Abandoned, wipe),
		lineUnknown: {to: closed, outcome: telephony.Refused, do: do(wipe)},
	},
	spilled: {
		lineKnown:   over(telephony.Overflowed),
		lineUnknown: {to: closed, outcome: telephony.Refused},
	},
	apologizing: {
		played:      {to: closed, outcome: telephony.Refused, do: do(wipe)},
		unreachable: {to: closed, outcome: telephony.Refused, do: do(wipe)},
		nearGone:    {to: closed, outcome: telephony.Refused, do: do(wipe)},
		nearLost:    {to: closed, outcome: telephony.Refused, do: do(wipe)},
	},
	arrived: {
		written:    {to: waiting, note: telephony.StepQueued, do: do(admit, enqueue)},
		endAsked:   over(telephony.Abandoned, wipe),
		unwritable: over(telephony.Overflowed, overflow),
		nearGone:   over(telephony.Abandoned, wipe),
		nearLost:   over(telephony.Overflowed, wipe),
	},
	waiting: {
		unwritable:  over(telephony.Overflowed, overflow),
		waitedOut:   over(telephony.Overflowed, overflow),
		endAsked:    over(telephony.Abandoned, wipe),
		offered:     {to: popping, note: telephony.StepOffered},
		chosen:      {to: waiting, note: telephony.StepLanguage, do: do(relearn)},
		played:      {to: waiting, do: do(startMusic, heard)},
		unreachable: over(telephony.Overflowed, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
		recalled:    {to: recalling, note: telephony.StepOffered},
	},
	popping: {
		written:     {to: ringing, do: do(pop, ringAgent)},
		unwritable:  over(telephony.Overflowed, overflow),
		endAsked:    over(telephony.Abandoned, wipe),
		rejected:    {to: waiting, note: telephony.StepRejected, do: do(unpop)},
		missed:      {to: waiting, note: telephony.StepMissed, do: do(unpop)},
		withdrawn:   {to: waiting, note: telephony.StepWithdrawn, do: do(unpop)},
		chosen:      {to: popping, note: telephony.StepLanguage, do: do(relearn)},
		played:      {to: popping, do: do(startMusic, heard)},
		unreachable: over(telephony.Overflowed, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
	},
	ringing: {
		farUp:       {to: joining, do: do(join, reportTaken)},
		farGone:     {to: ringing, do: do(reportMissed)}, // missed follows
		endAsked:    over(telephony.Abandoned, wipe),
		rejected:    {to: waiting, note: telephony.StepRejected, do: do(unpop, dropFar)},
		missed:      {to: waiting, note: telephony.StepMissed, do: do(unpop, dropFar)},
		withdrawn:   {to: waiting, note: telephony.StepWithdrawn, do: do(unpop, dropFar)},
		chosen:      {to: ringing, note: telephony.StepLanguage, do: do(relearn)},
		played:      {to: ringing, do: do(startMusic, heard)},
		unreachable: over(telephony.Overflowed, dropFar, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
	},
	joining: {
		joined:      {to: talking, note: telephony.StepAnswered, do: do(unpop, secure)},
		unjoined:    {to: waiting, note: telephony.StepLost, do: do(unpop, dropFar, reportLost, startMusic)},
		farGone:     {to: waiting, note: telephony.StepLost, do: do(unpop, reportLost, startMusic)},
		endAsked:    over(telephony.Abandoned, wipe),
		unreachable: over(telephony.Overflowed, dropFar, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
	},
	talking: supervised(talking, map[signal]transition{
		holdAsked:     {to: held, note: telephony.StepHeld, do: do(part)},
		patchAsked:    {to: calling, note: telephony.StepPatchAsked, do: do(stepAside, dialThird, ringBack)},
		transferAsked: {to: sending, note: telephony.StepTransferAsked, do: do(startMusic, stopRecord, replaceFar, leaveQueue, dialThird)},
		handAsked:     {to: waiting, note: telephony.StepHandedOver, do: do(startMusic, stopRecord, replaceFar, leaveQueue, passOn)},
		hangUpAsked:   over(telephony.Completed, wipe),
		endAsked:      over(telephony.Completed, wipe),
		nearGone:      over(telephony.Completed, wipe),
		farGone:       over(telephony.Completed, wipe),
		farSilent:     {to: alone, note: telephony.StepCutOff, do: do(startMusic, awaitAgent)},
		switchDied:    over(telephony.Abandoned, wipe),
		rejoinAsked:   {to: rejoining, do: do(startMusic, replaceFar, ringAgent)},
		nearLost:      over(telephony.Completed, letGo),
		nearAlone:     {to: waiting, note: telephony.StepLost, do: do(takeBack, startMusic)},
	}),
	held: supervised(held, map[signal]transition{
		resumeAsked:   {to: talking, note: telephony.StepResumed, do: do(rejoin)},
		patchAsked:    {to: calling, note: telephony.StepPatchAsked, do: do(stepAside, dialThird, ringBack)},
		transferAsked: {to: sending, note: telephony.StepTransferAsked, do: do(startMusic, stopRecord, replaceFar, leaveQueue, dialThird)},
		handAsked:     {to: waiting, note: telephony.StepHandedOver, do: do(startMusic, stopRecord, replaceFar, leaveQueue, passOn)},
		hangUpAsked:   over(telephony.Completed, wipe),
		endAsked:      over(telephony.Completed, wipe),
		nearGone:      over(telephony.Completed, wipe),
		farGone:       over(telephony.Completed, wipe),
		farSilent:     {to: alone, note: telephony.StepCutOff, do: do(awaitAgent)},
		switchDied:    over(telephony.Abandoned, wipe),
		rejoinAsked:   {to: rejoining, do: do(replaceFar, ringAgent)},
		nearLost:      over(telephony.Completed, letGo),
		nearAlone:     {to: waiting, note: telephony.StepLost, do: do(takeBack, startMusic)},
	}),
	calling: supervised(calling, bringingIn(map[signal]transition{
		played:     {to: calling, do: do(ringBack)},
		thirdUp:    {to: briefing, note: telephony.StepPatchAnswered, do: do(brief)},
		thirdThere: {to: consulting, note: telephony.StepConsulted, do: do(meetThird, pressThird)},
	})),
	consulting: supervised(consulting, bringingIn(map[signal]transition{ // who hangs up has put the caller through
		conferAsked: {to: merging, do: do(merge)},
		leaveAsked:  {to: landing, note: telephony.StepPatchLeft, do: do(stopRecord, dropFar, leaveQueue, merge)},
		farGone:     {to: landing, note: telephony.StepPatchLeft, do: do(stopRecord, dropFar, leaveQueue, merge)},
	})),
	briefing: supervised(briefing, bringingIn(map[signal]transition{
		played:   {to: briefing, do: do(brief)},
		proved:   {to: merging, do: do(merge)},
		unproved: {to: talking, note: telephony.StepPatchFailed, do: do(rejoin, dropThird, secure)},
	})),
	merging: supervised(merging, bringingIn(map[signal]transition{
		joined:   {to: conferring, note: telephony.StepPatched, do: do(confer)},
		farGone:  {to: landing, note: telephony.StepPatchLeft, do: do(stopRecord, dropFar, leaveQueue)},
		unjoined: {to: talking, note: telephony.StepPatchFailed, do: do(rejoin, dropThird, secure)},
	})),
	conferring: supervised(conferring, map[signal]transition{
		leaveAsked:  {to: patched, note: telephony.StepPatchLeft, do: do(dropFar, leaveQueue, secure)},
		farGone:     {to: patched, note: telephony.StepPatchLeft, do: do(dropFar, leaveQueue, secure)},
		farSilent:   {to: patched, note: telephony.StepPatchLeft, do: do(dropFar, leaveQueue, secure)},
		thirdGone:   {to: talking, note: telephony.StepPatchOver, do: do(dropThird, secure)},
		hangUpAsked: over(telephony.Completed, wipe),
		endAsked:    over(telephony.Completed, wipe),
		nearGone:    over(telephony.Completed, wipe),
		switchDied:  over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Completed, letGo, dropThird),
		rejoinAsked: {to: conferring, do: do(replaceFar, ringAgent)},
		farUp:       {to: conferring, do: do(join)},
		joined:      {to: conferring, note: telephony.StepRejoined, do: do(confer)},
	}),
	patched: {
		thirdGone:  overForTwo(telephony.Completed, wipe),
		nearGone:   overForTwo(telephony.Completed, wipe),
		endAsked:   overForTwo(telephony.Completed, wipe),
		switchDied: overForTwo(telephony.Abandoned, wipe),
		nearLost:   overForTwo(telephony.Completed, letGo),
	},
	sending: sentOn(map[signal]transition{
		thirdUp:    {to: announcing, note: telephony.StepPatchAnswered, do: do(brief)},
		thirdThere: {to: landing, do: do(merge, pressThird)},
	}),
	announcing: sentOn(map[signal]transition{
		played: {to: announcing, do: do(brief)},
		proved: {to: landing, do: do(merge)},
	}),
	landing: sentOn(map[signal]transition{
		joined: {to: patched, note: telephony.StepTransferred, do: do(clearAside, secure)},
	}),
	recalling: {
		written:     {to: returning, do: do(pop, ringAgent)},
		unwritable:  over(telephony.Overflowed, overflow),
		rejected:    {to: waiting, note: telephony.StepRejected, do: do(giveBack)},
		endAsked:    over(telephony.Abandoned, wipe),
		unreachable: over(telephony.Overflowed, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
	},
	returning: {
		farUp:       {to: joining, do: do(join, takenAgain)},
		farGone:     {to: waiting, note: telephony.StepMissed, do: do(unpop, giveBack)},
		rejected:    {to: waiting, note: telephony.StepRejected, do: do(unpop, dropFar, giveBack)},
		endAsked:    over(telephony.Abandoned, wipe),
		unreachable: over(telephony.Overflowed, dropFar, overflow),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
	},
	alone: { // cut off in the talk: who hangs up now is to be called back
		rejoinAsked: {to: rejoining, do: do(ringAgent)},
		nearAlone:   {to: waiting, note: telephony.StepLost, do: do(takeBack)},
		hangUpAsked: over(telephony.Completed, wipe),
		endAsked:    over(telephony.Abandoned, wipe),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
		switchDied:  over(telephony.Abandoned, wipe),
		unreachable: over(telephony.Overflowed, overflow),
	},
	rejoining: {
		farUp:       {to: rejoining, do: do(join)},
		joined:      {to: talking, note: telephony.StepRejoined, do: do(secure)},
		unjoined:    {to: alone, do: do(startMusic, awaitAgent)},
		farGone:     {to: alone, do: do(startMusic, awaitAgent)},
		farSilent:   {to: alone, do: do(startMusic, awaitAgent)},
		hangUpAsked: over(telephony.Completed, wipe),
		endAsked:    over(telephony.Abandoned, wipe),
		nearGone:    over(telephony.Abandoned, wipe),
		nearLost:    over(telephony.Overflowed, wipe),
		switchDied:  over(telephony.Abandoned, wipe),
		unreachable: over(telephony.Overflowed, dropFar, overflow),
	},

	// Calls the service makes.
	placing: {
		written:    {to: dialling, do: do(dialNear)},
		endAsked:   over(telephony.Unreached, wipe),
		unwritable: over(telephony.Unreached, wipe),
		nearGone:   over(telephony.Unreached, wipe),
	},
	dialling: {
		nearUp:      {to: reaching, note: telephony.StepFirstAnswered, do: do(dialFar)},
		answeredBy:  {to: proving, note: telephony.StepFirstAnswered, do: do(askKey)},
		hangUpAsked: over(telephony.Unreached, wipe),
		endAsked:    over(telephony.Unreached, wipe),
		nearGone:    over(telephony.Unreached, wipe),
		unreachable: over(telephony.Unreached, wipe),
	},
	proving: {
		played:      {to: proving, do: do(askKey)},
		proved:      {to: reaching, note: telephony.StepFirstProved, do: do(dialFar)},
		codeAsked:   {to: telling, note: telephony.StepFirstProved, do: do(tellCode)},
		unproved:    over(telephony.Unreached, wipe),
		hangUpAsked: over(telephony.Unreached, wipe),
		endAsked:    over(telephony.Unreached, wipe),
		nearGone:    over(telephony.Unreached, wipe),
		nearLost:    over(telephony.Unreached, wipe),
		unreachable: over(telephony.Unreached, wipe),
	},
	telling: { // who hangs up has heard it
		played:      {to: telling, do: do(tellCode)},
		codeTold:    over(telephony.Completed, wipe),
		hangUpAsked: over(telephony.Completed, wipe),
		endAsked:    over(telephony.Completed, wipe),
		nearGone:    over(telephony.Completed, wipe),
		nearLost:    over(telephony.Completed, wipe),
		unreachable: over(telephony.Unreached, wipe),
	},
	reaching: {
		farUp:       {to: linking, do: do(join)},
		hangUpAsked: over(telephony.Unreached, wipe),
		endAsked:    over(telephony.Unreached, wipe),
		nearGone:    over(telephony.Unreached, wipe),
		nearLost:    over(telephony.Unreached, wipe),
		farGone:     over(telephony.Unreached, wipe),
		unreachable: over(telephony.Unreached, wipe),
	},
	linking: {
		joined:      {to: talking, note: telephony.StepAnswered, do: do(secure, pressKeys)},
		unjoined:    over(telephony.Unreached, wipe),
		hangUpAsked: over(telephony.Unreached, wipe),
		endAsked:    over(telephony.Unreached, wipe),
		nearGone:    over(telephony.Unreached, wipe),
		nearLost:    over(telephony.Unreached, wipe),
		farGone:     over(telephony.Unreached, wipe),
	},
	closed: {},
}

// shown is the CallState others see of a phase.
var shown = map[phase]telephony.CallState{
	identifying: telephony.Arrived, leaving: telephony.Arrived, apologizing: telephony.Arrived, arrived: telephony.Arrived,
	waiting: telephony.Waiting, popping: telephony.Offered, ringing: telephony.Offered, joining: telephony.Offered,
	talking: telephony.Talking, held: telephony.Held, alone: telephony.Held, rejoining: telephony.Held,
	calling: telephony.Held, briefing: telephony.Held, consulting: telephony.Held, merging: telephony.Held,
	conferring: telephony.Talking, patched: telephony.Patched,
	sending: telephony.Patched, announcing: telephony.Patched, landing: telephony.Patched,
	recalling: telephony.Offered, returning: telephony.Offered,
	spilled: telephony.Arrived, linking: telephony.Waiting,
	placing: telephony.Arrived, dialling: telephony.Arrived, proving: telephony.Arrived,
	telling: telephony.Arrived, reaching: telephony.Waiting,
	closed: telephony.Ended,
}

// shownThird is how far a third party is, to others.
var shownThird = map[phase]telephony.ThirdState{calling: telephony.ThirdRinging, briefing: telephony.ThirdAsked,
	consulting: telephony.ThirdAlone, merging: telephony.ThirdAsked, conferring: telephony.ThirdTalking, patched: telephony.ThirdTalking,
	sending: telephony.ThirdRinging, announcing: telephony.ThirdAsked, landing: telephony.ThirdAsked}

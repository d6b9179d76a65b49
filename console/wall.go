package console

import (
	"time"

	"lamplight/telephony"
)

// Wall is how the calls and agents stand of the practices that somebody supervises. The totals are of the same practices.
type Wall struct {
	Now      time.Time     `json:"now"`
	AnswerIn time.Duration `json:"answerIn"` // within which a call is to be answered
	Total    WallRow       `json:"total"`
	Rows     []WallRow     `json:"rows"` // by practice and language, of those with a call today: who waits longest first
	Agents   []WallAgents  `json:"agents"`
}

// WallRow is how the calls of a practice in a language stand.
type WallRow struct {
	Practice string             `json:"practice"`
	Language telephony.Language `json:"language"`
	Waiting  int                `json:"waiting"`
	Since    time.Time          `json:"since"` // when the caller who waits longest came in; zero while nobody waits
	Talking  int                `json:"talking"`
	Calls    int                `json:"calls"`  // of today that were answered or lost
	InTime   int                `json:"inTime"` // and of these, that were answered in time
}

// WallAgents is how many agents are in a state.
type WallAgents struct {
	State telephony.AgentState `json:"state"`
	Count int                  `json:"count"`
}

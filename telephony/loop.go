package telephony

import (
	"cmp"
	"context"
	"slices"
)

// Run drives calls until ctx is done or the switch is closed. It returns nil then, and leaves legs as they are: the
// fail-safe's leases, or another engine, take care of them.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.done)
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-e.asks:
			a.reply <- a.do()
		}
	}
}

func sortCalls(cs []Call) {
	slices.SortFunc(cs, func(a, b Call) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
}

func sortAgents(as []AgentStatus) {
	slices.SortFunc(as, func(a, b AgentStatus) int { return cmp.Compare(a.Agent.ID, b.Agent.ID) })
}

func (e *Engine) agentIn(a Agent) error                          { return ErrState }
func (e *Engine) agentOut(a AgentID) error                       { return ErrState }
func (e *Engine) agentReady(a AgentID) error                     { return ErrState }
func (e *Engine) agentPause(a AgentID, reason string) error      { return ErrState }
func (e *Engine) wrapUpDone(a AgentID) error                     { return ErrState }
func (e *Engine) reject(a AgentID, c CallID, epoch uint64) error { return ErrState }
func (e *Engine) hold(a AgentID, c CallID) error                 { return ErrState }
func (e *Engine) resume(a AgentID, c CallID) error               { return ErrState }
func (e *Engine) hangUp(a AgentID, c CallID) error               { return ErrState }
func (e *Engine) setLanguage(AgentID, CallID, Language) error    { return ErrState }
func (e *Engine) callBack(a AgentID, b Callback) error           { return ErrState }

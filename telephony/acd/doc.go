// Package acd decides which agent gets which call. It is pure: Step(state, event, now) gives commands.
package acd

package main

type onCallCmd struct{}

func (onCallCmd) Run() error { return nil }

package main

type acdCmd struct{}

func (acdCmd) Run() error { return nil }

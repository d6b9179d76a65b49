// What the server and this desk's program say, as the Go code has it.
export * from '../../../gen/types'

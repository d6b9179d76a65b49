import { describe, expect, it } from 'vitest'
import { refusal } from './go'

describe('a refusal', () => {
  it('is read out of the Error that Wails makes of it', () => {
    expect(refusal(new Error('{"code":"desk.error.form","fields":{"name":"field.required"}}'))).toEqual({ code: 'desk.error.form', fields: { name: 'field.required' } })
  })
  it.each([[new Error('[object Object]')], [new Error('{"code":7}')], [new Error('null')], ['a word'], [undefined]])('is a fault of ours for anything else: %s', (thrown) => {
    expect(refusal(thrown).code).toBe('desk.error.internal')
  })
})

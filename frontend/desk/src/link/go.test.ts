import { describe, expect, it } from 'vitest'
import { refusal } from './go'

describe('a refusal', () => {
  it('is read out of the Error that Wails makes of it', () => {
    expect(refusal(new Error('{"kind":"invalid","code":"desk.error.form","fields":{"name":"field.required"}}'))).toEqual({
      kind: 'invalid',
      code: 'desk.error.form',
      fields: { name: 'field.required' },
    })
  })
  it('has a sentence though the page does not know the code', () => {
    expect(refusal(new Error('{"kind":"conflict","code":"desk.error.of-tomorrow"}')).code).toBe('desk.kind.conflict')
  })
  it.each([[new Error('[object Object]')], [new Error('{"code":7}')], [new Error('null')], ['a word'], [undefined]])(
    'is a fault of ours for anything else: %s',
    (thrown) => {
      expect(refusal(thrown).code).toBe('desk.error.internal')
    },
  )
})

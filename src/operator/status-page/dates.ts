// Dates for people: one way to write them, and how far away they are.

import { DAY, HOUR, type Instant } from '../../domain/time.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `21 Nov 2027, 08:00 UTC`, from RFC 3339 in UTC. */
export function dateForPeople(time: string): string {
  const [, year, month, day, clock] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(time) ?? []
  return year === undefined ? time : `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${clock} UTC`
}

/** `in 30 days`, `in 5 hours`, `within the hour`, `3 days ago`. */
export function timeFrom(now: Instant, then: Instant): string {
  const distance = Math.abs(then - now)
  const [unit, name] = distance >= 2 * DAY ? [DAY, 'day'] : [HOUR, 'hour']
  const count = Math.floor(distance / unit)
  if (count === 0) return then >= now ? 'within the hour' : 'within the last hour'
  const amount = `${count} ${name}${count === 1 ? '' : 's'}`
  return then >= now ? `in ${amount}` : `${amount} ago`
}

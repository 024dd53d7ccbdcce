// Days and events as the calendar counts them. A day is `2026-12-09`, always of the calendar's own time zone.

const DAY = 86400000;

export function today(timeZone) {
  return dayOf(new Date(), timeZone);
}

/** The day an instant falls on. */
export function dayOf(instant, timeZone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
}

export function addDays(day, count) {
  return new Date(noon(day).getTime() + count * DAY).toISOString().slice(0, 10);
}

export function addMonths(day, count) {
  const date = noon(`${day.slice(0, 7)}-01`);
  date.setUTCMonth(date.getUTCMonth() + count);
  return date.toISOString().slice(0, 10);
}

/** The Monday on or before the day. */
export function monday(day) {
  return addDays(day, -((noon(day).getUTCDay() + 6) % 7));
}

export function named(day, format) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...format }).format(noon(day));
}

function noon(day) {
  return new Date(`${day}T12:00:00Z`);
}

/** `09:00` in the calendar's time zone. */
export function clock(instant, timeZone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(new Date(instant));
}

/** First and last day of an event, both included. */
export function span(event, timeZone) {
  if (event.start.date) return { first: event.start.date, last: addDays(event.end.date, -1) };
  const first = dayOf(new Date(event.start.dateTime), timeZone);
  // An event that ends at midnight does not reach into the next day.
  const end = new Date(new Date(event.end.dateTime).getTime() - 1);
  const last = dayOf(end, timeZone);
  return { first, last: last < first ? first : last };
}

/** The events of a day: those of the whole day first, then by their start. */
export function eventsOn(events, day, timeZone) {
  const order = (event) => (event.start.date ? "0" : `1${new Date(event.start.dateTime).toISOString()}`);
  return events
    .filter((event) => { const { first, last } = span(event, timeZone); return first <= day && day <= last; })
    .sort((one, other) => order(one).localeCompare(order(other)) || title(one).localeCompare(title(other)));
}

export function title(event) {
  return event.summary || (event.visibility === "private" ? "Busy" : "(no title)");
}

/** `Wed 9 December 2026, 09:00 – 09:30`, with both days where there are two. */
export function period(event, timeZone) {
  const long = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
  const { first, last } = span(event, timeZone);
  if (event.start.date) return first === last ? named(first, long) : `${named(first, long)} – ${named(last, long)}`;
  const [from, to] = [clock(event.start.dateTime, timeZone), clock(event.end.dateTime, timeZone)];
  return first === last
    ? `${named(first, long)}, ${from} – ${to}`
    : `${named(first, long)}, ${from} – ${named(last, long)}, ${to}`;
}

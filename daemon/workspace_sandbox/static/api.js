// The sandbox's API as the pages call it, and the polling that keeps them live.

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Call the API as `person` and give the JSON answer.
 * `params` with the value undefined are left out; a list repeats the parameter.
 */
export async function api(person, path, { method = "GET", params = {}, body } = {}) {
  const response = await request(person, path, { method, params, body });
  const text = await response.text();
  return text ? JSON.parse(text) : {};
}

/** The raw content at `path`, as a Blob. */
export async function content(person, path, params) {
  return (await request(person, path, { method: "GET", params })).blob();
}

async function request(person, path, { method, params, body }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) if (one !== undefined) query.append(name, one);
  }
  const headers = { Authorization: `Bearer ${person}`, "X-Sandbox-Page": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const address = query.size ? `${path}?${query}` : path;
  let response;
  try {
    response = await fetch(address, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new ApiError(0, "The sandbox does not answer. Is it still running?");
  }
  if (!response.ok) throw new ApiError(response.status, await refusal(response));
  return response;
}

async function refusal(response) {
  try {
    const { error } = await response.json();
    return error.message ?? `The sandbox answered ${response.status}.`;
  } catch {
    return `The sandbox answered ${response.status}.`;
  }
}

/** All pages of a list method, joined: `items(answer)` gives the part of one page. */
export async function pages(person, path, params, items) {
  const found = [];
  let pageToken;
  do {
    const answer = await api(person, path, { params: { ...params, pageToken } });
    found.push(...(items(answer) ?? []));
    pageToken = answer.nextPageToken;
  } while (pageToken);
  return found;
}

/**
 * Run `task` now and then every `milliseconds` after it has ended, only while the page is visible.
 * `failed(error)` is told of failures; polling goes on, more slowly. Gives a function that runs the task at once.
 */
export function poll(task, milliseconds, failed) {
  let timer = null;
  let running = false;
  let again = false;

  async function run() {
    clearTimeout(timer);
    if (running) {
      again = true;
      return;
    }
    running = true;
    let wait = milliseconds;
    try {
      await task();
    } catch (error) {
      wait = Math.max(milliseconds, 3000);
      failed(error);
    }
    running = false;
    if (again) {
      again = false;
      wait = 0;
    }
    if (!document.hidden) timer = setTimeout(run, wait);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : run()));
  run();
  return run;
}

/** What a failure says to a person. Anything but a refusal of the API is a fault of the page and goes to the console. */
export function sentence(error) {
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "Something went wrong in this page. Reload it.";
}

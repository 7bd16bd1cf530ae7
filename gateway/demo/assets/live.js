// The two live streams of the demo's application.
const part = (name) => document.querySelector(`[data-live="${name}"]`);
const say = (stream, state) => {
  const shown = document.querySelector(`[data-state="${stream}"]`);
  shown.textContent = state;
  shown.classList.toggle("open", state === "open");
};

const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new WebSocket(`${scheme}://${location.host}/live/socket`);
socket.addEventListener("open", () => say("socket", "open"));
socket.addEventListener("close", (event) => say("socket", `closed (${event.code})`));
socket.addEventListener("message", (event) => {
  const message = JSON.parse(event.data);
  if ("clock" in message) part("clock").textContent = message.clock;
  if ("echo" in message) part("echo").textContent = `It came back: ${message.echo}`;
});

part("send").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.elements.message;
  if (socket.readyState !== WebSocket.OPEN) {
    part("echo").textContent = "The WebSocket is closed: load the page again.";
    return;
  }
  socket.send(field.value);
  field.value = "";
});

const events = new EventSource("/live/events");
events.addEventListener("open", () => say("events", "open"));
events.addEventListener("error", () => say("events", "connecting"));
events.addEventListener("message", (event) => {
  part("count").textContent = event.data;
});

# Listens at an address and answers: listen.py ADDRESS PORT STATUS… (the last one for good). Tells its port, and waits until the model is gone, or for its own end.
import http.server, os, socket, sys, threading, time

address, port, statuses = sys.argv[1], int(sys.argv[2]), [int(status) for status in sys.argv[3:]]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6 if ":" in address else socket.AF_INET


server = Server((address, port), Handler)
print("port", server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
path = os.environ.get("WEIGHTSEAL_MODEL_PATH")
while True:
    if path and os.stat(path).st_size == 0:
        print("wiped", flush=True)
        break
    time.sleep(0.05)

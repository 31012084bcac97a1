-- The tables of Usher. Times are DATETIME(3) in UTC, money is in the currency's minor unit.
-- Statements end with ";" at a line's end, before an empty line. A step may be cut off by a crash, so
-- each one can run again.

CREATE TABLE IF NOT EXISTS users (
  id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS balances (
  user_id BIGINT NOT NULL PRIMARY KEY,
  amount BIGINT NOT NULL,
  CONSTRAINT balances_user FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT balances_not_negative CHECK (amount >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Every change of a balance; a user's lines add up to the balance.
CREATE TABLE IF NOT EXISTS ledger (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  kind ENUM('OPENING','CHARGE','PAYMENT') NOT NULL,
  amount BIGINT NOT NULL,
  balance_after BIGINT NOT NULL,
  reservation_id BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  KEY ledger_user (user_id, amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- epoch rises by one each time the queue's state in Redis has to be made anew.
-- loaded is the digest of the settings last read from a catalogue file.
CREATE TABLE IF NOT EXISTS queues (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  capacity INT NOT NULL,
  rate_per_second INT NOT NULL,
  session_seconds INT NOT NULL,
  claim_seconds INT NOT NULL,
  paused TINYINT NOT NULL DEFAULT 0,
  opens_at DATETIME(3) NULL,
  version BIGINT NOT NULL DEFAULT 1,
  epoch BIGINT NOT NULL DEFAULT 0,
  seed BINARY(32) NOT NULL,
  loaded BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS concerts (
  id BIGINT NOT NULL PRIMARY KEY,
  title VARCHAR(200) NOT NULL,
  queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seat_limit INT NOT NULL,
  hold_seconds INT NOT NULL,
  CONSTRAINT concerts_queue FOREIGN KEY (queue) REFERENCES queues (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS schedules (
  id BIGINT NOT NULL PRIMARY KEY,
  concert_id BIGINT NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  venue VARCHAR(200) NOT NULL,
  removed TINYINT NOT NULL DEFAULT 0,
  KEY schedules_concert (concert_id),
  CONSTRAINT schedules_concert FOREIGN KEY (concert_id) REFERENCES concerts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- A seat keeps its id for ever; one that a later catalogue leaves out is marked, not deleted.
CREATE TABLE IF NOT EXISTS seats (
  schedule_id BIGINT NOT NULL,
  seat_id BIGINT NOT NULL,
  section VARCHAR(64) NOT NULL,
  row_label VARCHAR(16) NOT NULL,
  number INT NOT NULL,
  price BIGINT NOT NULL,
  removed TINYINT NOT NULL DEFAULT 0,
  PRIMARY KEY (schedule_id, seat_id),
  CONSTRAINT seats_schedule FOREIGN KEY (schedule_id) REFERENCES schedules (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- queue and place are those of the session that made the reservation.
CREATE TABLE IF NOT EXISTS reservations (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  concert_id BIGINT NOT NULL,
  schedule_id BIGINT NOT NULL,
  queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  place BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  status ENUM('HELD','PAID','EXPIRED','CANCELLED') NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  KEY reservations_user (user_id, concert_id),
  KEY reservations_due (status, expires_at),
  CONSTRAINT reservations_schedule FOREIGN KEY (schedule_id) REFERENCES schedules (id),
  CONSTRAINT reservations_of_user FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- live is 1 while the reservation is held or paid and NULL after it ended. NULLs do not
-- collide, so the unique key allows one live reservation of a seat and any number of ended ones:
-- this key is what makes selling a seat twice impossible.
CREATE TABLE IF NOT EXISTS reservation_seats (
  reservation_id BIGINT NOT NULL,
  schedule_id BIGINT NOT NULL,
  seat_id BIGINT NOT NULL,
  price BIGINT NOT NULL,
  live TINYINT NULL,
  PRIMARY KEY (reservation_id, seat_id),
  UNIQUE KEY one_live_reservation_of_a_seat (schedule_id, seat_id, live),
  CONSTRAINT reservation_seats_of FOREIGN KEY (reservation_id) REFERENCES reservations (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS payments (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  reservation_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  balance_after BIGINT NOT NULL,
  paid_at DATETIME(3) NOT NULL,
  UNIQUE KEY one_payment_of_a_reservation (reservation_id),
  CONSTRAINT payments_reservation FOREIGN KEY (reservation_id) REFERENCES reservations (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Paid or cancelled reservations that Redis may not have been told about yet. A line is written with it
-- and goes away once some daemon has told Redis, so the table is all but empty.
CREATE TABLE IF NOT EXISTS settlements (
  reservation_id BIGINT NOT NULL PRIMARY KEY,
  created_at DATETIME(3) NOT NULL,
  KEY settlements_due (created_at),
  CONSTRAINT settlements_reservation FOREIGN KEY (reservation_id) REFERENCES reservations (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- What a key was used for: written in the transaction of the work itself, so there is no moment
-- with one and without the other. result_id is the reservation (negative: one
-- that the user held already), payment or ledger line.
CREATE TABLE IF NOT EXISTS idempotency (
  user_id BIGINT NOT NULL,
  idem_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  result_id BIGINT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, idem_key),
  KEY idempotency_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- One line: a daemon whose copy of the catalogue has another version reads it anew.
CREATE TABLE IF NOT EXISTS catalog_version (
  id TINYINT NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT IGNORE INTO catalog_version (id, version) VALUES (1, 0);

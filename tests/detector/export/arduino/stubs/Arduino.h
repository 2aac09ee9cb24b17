// The few names of the Arduino core that the library and its sketches use; what is printed goes to standard output.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

class Print {
 public:
  void print(const char* text) { fputs(text, stdout); }
  void print(int number) { printf("%d", number); }
  void print(unsigned long number) { printf("%lu", number); }
  void print(double number, int digits) { printf("%.*f", digits, number); }
  void println(const char* text) { puts(text); }
};

class SerialPort : public Print {
 public:
  void begin(unsigned long) {}
  explicit operator bool() const { return true; }
  int available() { return 1; }
  int read() { return sent_++ & 255; }

 private:
  int sent_ = 0;
};

extern SerialPort Serial;
unsigned long millis();
inline void delay(unsigned long) { exit(2); }  // a sketch that stops waits for ever

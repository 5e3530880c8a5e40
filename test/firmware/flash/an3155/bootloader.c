/* A bootloader that speaks ST's AN3155 over the port's link, for tests. What stands for the flash takes a write only where
 * it is erased, and is left alone while the board runs what lies in it. */
#include <stdint.h>

#include "port/port.h"

#define FLASH_BASE UINT32_C(0x00200000)
enum { FLASH_BYTES = 256 * 1024, PAGE_BYTES = 4096, ACK = 0x79, NACK = 0x1f, SYNCHRONIZE = 0x7f, CHIP_ID = 0x0470 };
enum { GET = 0x00, GET_ID = 0x02, READ = 0x11, GO = 0x21, WRITE = 0x31, EXTENDED_ERASE = 0x44 };

#define SYST_CSR (*(volatile uint32_t *)0xe000e010)
#define NVIC_ICER ((volatile uint32_t *)0xe000e180)
#define NVIC_ICPR ((volatile uint32_t *)0xe000e280)
#define VTOR (*(volatile uint32_t *)0xe000ed08)

static uint8_t *const flash = (uint8_t *)FLASH_BASE;

static uint8_t take(void)
{
  int byte;
  while ((byte = port_read()) < 0) port_wait();
  return (uint8_t)byte;
}

static void give(uint8_t byte) { port_write(&byte, 1); }

/* Bytes and their checksum; whether it is right. */
static int take_checked(uint8_t *bytes, uint32_t count, uint8_t sum)
{
  for (uint32_t i = 0; i < count; i++) sum ^= bytes[i] = take();
  return take() == sum;
}

/* An address within the flash at which so many bytes lie; 0 for another, or a wrong checksum. */
static uint32_t take_address(void)
{
  uint8_t bytes[4];
  if (!take_checked(bytes, 4, 0)) return 0;
  const uint32_t address = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  return address - FLASH_BASE < FLASH_BYTES ? address : 0;
}

static void erase(uint32_t from, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) flash[from + i] = 0xff;
}

static int extended_erase(void)
{
  const uint32_t high = take(), count = high << 8 | take();
  if (count == 0xffff) {
    if (take() != 0) return 0;
    erase(0, FLASH_BYTES);
    return 1;
  }
  static uint8_t pages[2 * 1024];
  if (count >= sizeof pages / 2) return 0;
  if (!take_checked(pages, 2 * (count + 1), (uint8_t)(count >> 8 ^ count))) return 0;
  for (uint32_t i = 0; i <= count; i++) {
    const uint32_t page = (uint32_t)pages[2 * i] << 8 | pages[2 * i + 1];
    if (page >= FLASH_BYTES / PAGE_BYTES) return 0;
    erase(page * PAGE_BYTES, PAGE_BYTES);
  }
  return 1;
}

static int write_memory(uint32_t address)
{
  static uint8_t block[256];
  const uint32_t last = take();
  if (!take_checked(block, last + 1, (uint8_t)last)) return 0;
  uint8_t *const to = flash + (address - FLASH_BASE);
  for (uint32_t i = 0; i <= last; i++)
    if (to[i] != 0xff) return 0;
  for (uint32_t i = 0; i <= last; i++) to[i] = block[i];
  return 1;
}

static void go(uint32_t address)
{
  const uint32_t *const vectors = (const uint32_t *)address;
  __asm__ volatile("cpsid i" ::: "memory");
  SYST_CSR = 0;
  for (int i = 0; i < 8; i++) NVIC_ICER[i] = NVIC_ICPR[i] = UINT32_C(0xffffffff);
  VTOR = address;
  __asm__ volatile("msr msp, %0\n cpsie i\n bx %1" ::"r"(vectors[0]), "r"(vectors[1]) : "memory");
}

static void serve(uint8_t command)
{
  static const uint8_t known[] = {0x31, GET, GET_ID, READ, GO, WRITE, EXTENDED_ERASE};
  uint32_t address;
  switch (command) {
  case GET:
    give(ACK);
    give(sizeof known - 1);
    port_write(known, sizeof known);
    give(ACK);
    break;
  case GET_ID:
    give(ACK);
    give(1);
    give(CHIP_ID >> 8);
    give(CHIP_ID & 0xff);
    give(ACK);
    break;
  case EXTENDED_ERASE:
    give(ACK);
    give(extended_erase() ? ACK : NACK);
    break;
  case READ:
  case WRITE:
  case GO:
    give(ACK);
    address = take_address();
    give(address ? ACK : NACK);
    if (!address) break;
    if (command == GO) go(address);
    if (command == WRITE) give(write_memory(address) ? ACK : NACK);
    if (command == READ) {
      const uint8_t last = take();
      if ((last ^ take()) != 0xff) {
        give(NACK);
        break;
      }
      give(ACK);
      port_write((const uint8_t *)address, (uint32_t)last + 1);
    }
    break;
  default:
    give(NACK);
  }
}

int main(void)
{
  port_setup();
  while (take() != SYNCHRONIZE) {
  }
  give(ACK);
  for (;;) {
    const uint8_t command = take(), complement = take();
    if ((command ^ complement) == 0xff) serve(command);
    else give(NACK);
  }
}

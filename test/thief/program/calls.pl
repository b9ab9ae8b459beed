# System calls that no program of Debian makes for a thief: calls.pl <what> <about what>... It says what came of them.
use strict;
use warnings;
use POSIX ();

my %numbers = (
    x86_64  => { ptrace => 101, keyctl => 250, bpf => 321, perf => 298, open_handle => 304, to_handle => 303, mount => 165, umount => 166 },
    aarch64 => { ptrace => 117, keyctl => 219, bpf => 280, perf => 241, open_handle => 265, to_handle => 264, mount => 40, umount => 39 },
);
my $call = $numbers{ (POSIX::uname())[4] } or die "no numbers for this machine\n";
my ($what, @about) = @ARGV;
my $seize = 0x4206;
my $detach = 2;
my $read_key = 11;

if ($what eq 'trace') {
    for my $pid (@about) {
        print "traced $pid\n" if syscall($call->{ptrace}, $seize, $pid + 0, 0, 0) == 0;
    }
}

# Keys of whoever is logged in: a session's keyring goes to its children, whatever user they become.
if ($what eq 'keys') {
    my @ids = (-1, -2, -3, -4, -5);
    if (open(my $keys, '<', '/proc/keys')) {
        while (<$keys>) { push @ids, hex($1) if /^([0-9a-f]+) / }
    }
    my %seen;
    while (defined(my $id = shift @ids)) {
        next if $seen{$id}++;
        my $payload = "\0" x 4096;
        my $length = syscall($call->{keyctl}, $read_key, $id, $payload, 4096);
        next if $length <= 0;
        my $bytes = substr($payload, 0, $length > 4096 ? 4096 : $length);
        print "key $id $bytes\n";
        push @ids, unpack('l*', $bytes) if $length % 4 == 0; # A keyring is a list of keys.
    }
}

# What only a privileged process may: programs in the kernel, events of the whole machine, files by their numbers.
if ($what eq 'kernel') {
    my $next_program = pack('L4', 0, 0, 0, 0);
    print "bpf\n" if syscall($call->{bpf}, 11, $next_program, 16) == 0;
    my $clock = pack('L2 Q x96', 1, 112, 0);
    print "perf\n" if syscall($call->{perf}, $clock, -1, 0, -1, 0) >= 0;
    my $handle = pack('L l', 128, 0) . "\0" x 128;
    my $mount = pack('l', 0);
    my $path = '/etc';
    if (syscall($call->{to_handle}, -100, $path, $handle, $mount, 0) == 0 && opendir(my $root, '/etc')) {
        print "handle\n" if syscall($call->{open_handle}, fileno($root), $handle, 0) >= 0;
    }
}

# The programs `mount` and `umount` refuse whoever is not root before they have asked the kernel.
if ($what eq 'mount') {
    my ($from, $to, $type, $flags) = @about;
    print "mounted\n" if syscall($call->{mount}, $from, $to, $type, $flags + 0, 0) == 0;
}
if ($what eq 'umount') {
    for my $point (@about) { syscall($call->{umount}, $point, $detach) }
}

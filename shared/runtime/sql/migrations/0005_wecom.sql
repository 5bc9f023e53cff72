-- A third way out: the robot of a WeChat Work group. And the log by what it was about.
alter table delivery drop constraint delivery_channel_check;
alter table delivery add constraint delivery_channel_check
    check (channel in ('sms', 'webhook', 'wecom'));
create index delivery_about on delivery (about, delivery_id) where about is not null;
create index delivery_failed on delivery (delivery_id) where state = 'failed';
